package io.trapline.fuzz;

import com.google.protobuf.ByteString;
import io.trapline.v1.AccessBatch;
import java.io.ByteArrayOutputStream;

/** A guest's batch in the making. */
final class AccessColumns {
    final AccessBatch.Builder batch = AccessBatch.newBuilder();
    private final ByteArrayOutputStream attributes = new ByteArrayOutputStream();

    AccessColumns(long batchId) {
        batch.setBatchId(batchId);
    }

    int rows() {
        return batch.getSequenceCount();
    }

    void add(int vcpu, long sequence, AccessRow row) {
        batch.addVcpu(vcpu)
                .addSequence(sequence)
                .addAddress(row.address())
                .addData(row.data())
                .addCount(row.count())
                .addTimeoutMs(row.timeoutMillis());
        attributes.write(row.attributes());
    }

    AccessBatch build() {
        return batch.setAttributes(ByteString.copyFrom(attributes.toByteArray()))
                .build();
    }

    /** Columns that do not fit each other, or too many of them: nothing of it may be executed. */
    AccessBatch malformed(Dice dice) {
        build();
        int rows = rows();
        switch (dice.below(9)) {
            case 0 -> batch.clearAddress();
            case 1 -> batch.addAddress(0);
            case 2 -> batch.setAttributes(batch.getAttributes().concat(dice.bytes(1 + dice.below(4))));
            case 3 -> batch.setAttributes(batch.getAttributes().substring(1));
            case 4 -> batch.addVcpu(0);
            case 5 -> batch.addData(0);
            case 6 -> batch.addCount(1);
            case 7 -> batch.addTimeoutMs(0);
            default -> {
                long batchId = batch.getBatchId();
                batch.clear().setBatchId(batchId);
                tooMany(rows, dice);
            }
        }
        return batch.build();
    }

    private void tooMany(int rows, Dice dice) {
        int many = dice.pick(0, 4097, 5000, 20_000);
        for (int i = 0; i < many; i++) {
            batch.addSequence(i + 1L).addAddress(rows);
        }
        batch.setAttributes(dice.bytes(many));
    }
}
