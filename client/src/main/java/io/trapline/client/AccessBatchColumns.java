package io.trapline.client;

import com.google.protobuf.UnsafeByteOperations;
import io.trapline.model.Limit;
import io.trapline.v1.AccessBatch;
import java.util.Arrays;

/** Builds one {@link AccessBatch}; columns in which every row has the default are left out. */
final class AccessBatchColumns implements SendWindow.RowSink {
    static final int MAX_ROWS = Limit.MAX_ROWS_PER_BATCH.intValue();

    private final AccessBatch.Builder batch = AccessBatch.newBuilder();
    private byte[] attributes = new byte[64];
    private int rows;
    private boolean hasVcpu;
    private boolean hasData;
    private boolean hasCount;
    private boolean hasTimeout;

    @Override
    public void row(
            int vcpu, long sequence, long address, byte rowAttributes, long data, int count, int timeoutMillis) {
        if (rows == attributes.length) {
            attributes = Arrays.copyOf(attributes, rows * 2);
        }
        attributes[rows++] = rowAttributes;
        batch.addVcpu(vcpu)
                .addSequence(sequence)
                .addAddress(address)
                .addData(data)
                .addCount(count)
                .addTimeoutMs(timeoutMillis);
        hasVcpu |= vcpu != 0;
        hasData |= data != 0;
        hasCount |= count != 1;
        hasTimeout |= timeoutMillis != 0;
    }

    void receivedThrough(int vcpu, long through) {
        batch.addReceivedVcpu(vcpu).addReceivedThrough(through);
    }

    int rows() {
        return rows;
    }

    AccessBatch build(long batchId, boolean resent) {
        if (!hasVcpu) {
            batch.clearVcpu();
        }
        if (!hasData) {
            batch.clearData();
        }
        if (!hasCount) {
            batch.clearCount();
        }
        if (!hasTimeout) {
            batch.clearTimeoutMs();
        }
        return batch.setBatchId(batchId)
                .setResent(resent)
                .setWantStatus(true)
                .setAttributes(UnsafeByteOperations.unsafeWrap(Arrays.copyOf(attributes, rows)))
                .build();
    }
}
