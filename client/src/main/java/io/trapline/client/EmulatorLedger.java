package io.trapline.client;

import io.trapline.model.IoreqAttributes;
import io.trapline.model.Limit;
import io.trapline.v1.IoreqBatch;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an emulator keeps between its streams: its {@link KeptAnswers}, the answers that wait to be sent, and its counters. Not
 * thread-safe.
 */
final class EmulatorLedger {
    private final KeptAnswers kept = new KeptAnswers();
    private final RowColumns pending = new RowColumns();
    private long received;
    private long carriedOut;
    private long repeated;
    private long refused;
    private long redelivered;
    private long resumptions;
    private int creditOwed;

    KeptAnswers kept() {
        return kept;
    }

    RowColumns pending() {
        return pending;
    }

    /**
     * Takes a batch in and returns the rows of it to carry out; null where there are none. Throws {@link IllegalArgumentException} for
     * a batch that is none of the contract.
     */
    @Nullable
    IoreqBatchView take(Emulator emulator, IoreqBatch batch) {
        int rows = batch.getSequenceCount();
        checkColumns(batch, rows);
        settle(batch.getSettledVcpuList(), batch.getSettledVcpuEpochList(), batch.getSettledThroughList());
        received += rows;
        int[] toAct = new int[rows];
        int acting = 0;
        for (int row = 0; row < rows; row++) {
            int vcpu = batch.getVcpuCount() == 0 ? 0 : batch.getVcpu(row);
            int part = batch.getPartCount() == 0 ? 0 : batch.getPart(row);
            byte claimed = batch.getClaimedType().isEmpty()
                    ? IoreqAttributes.BY_RANGE
                    : batch.getClaimedType().byteAt(row);
            KeptAnswers.Verdict verdict = kept.take(
                    batch.getDecidedRevision(),
                    batch.getShard(),
                    batch.getShardEpoch(),
                    claimed,
                    vcpu,
                    batch.getVcpuEpoch(row),
                    batch.getSequence(row),
                    part,
                    isMarked(batch, row, IoreqAttributes.MARK_POSTED));
            switch (verdict) {
                case ACT -> {
                    toAct[acting++] = row;
                    redelivered += isMarked(batch, row, IoreqAttributes.MARK_REDELIVERED) ? 1 : 0;
                }
                case REPEAT -> {
                    repeated++;
                    pending.add(vcpu, batch.getVcpuEpoch(row), batch.getSequence(row), part, kept.repeated(), false);
                }
                case UNDER_WAY -> {
                    // Delivered twice, it is answered once.
                    repeated++;
                    creditOwed++;
                }
                case REFUSE -> {
                    refused++;
                    creditOwed++;
                }
            }
        }
        if (acting == 0) {
            return null;
        }
        return new IoreqBatchView(emulator, batch, acting == rows ? null : Arrays.copyOf(toAct, acting), acting);
    }

    private static boolean isMarked(IoreqBatch batch, int row, int mark) {
        return !batch.getMarks().isEmpty() && (batch.getMarks().byteAt(row) & mark) != 0;
    }

    private static void checkColumns(IoreqBatch batch, int rows) {
        boolean agree = batch.getVcpuEpochCount() == rows
                && batch.getAddressCount() == rows
                && batch.getAttributes().size() == rows
                && isColumn(batch.getVcpuCount(), rows)
                && isColumn(batch.getPartCount(), rows)
                && isColumn(batch.getDataCount(), rows)
                && isColumn(batch.getCountCount(), rows)
                && isColumn(batch.getMarks().size(), rows)
                && isColumn(batch.getClaimedType().size(), rows);
        if (!agree) {
            throw new IllegalArgumentException("a batch of ioreqs whose columns differ in length");
        }
        for (int i = 0; i < batch.getVcpuCount(); i++) {
            checkVcpu(batch.getVcpu(i));
        }
    }

    private static boolean isColumn(int length, int rows) {
        return length == 0 || length == rows;
    }

    private static void checkVcpu(int vcpu) {
        if (vcpu < 0 || vcpu >= Limit.MAX_VCPUS_PER_DOMAIN.value()) {
            throw new IllegalArgumentException("vcpu = " + vcpu);
        }
    }

    /** Drops what need not be kept (F6). */
    void settle(List<Integer> vcpus, List<Long> vcpuEpochs, List<Long> throughs) {
        if (vcpus.size() != throughs.size() || vcpuEpochs.size() != throughs.size()) {
            throw new IllegalArgumentException("settled marks whose columns differ in length");
        }
        for (int i = 0; i < throughs.size(); i++) {
            checkVcpu(vcpus.get(i));
            kept.settled(vcpus.get(i), vcpuEpochs.get(i), throughs.get(i));
        }
    }

    /** The device model has carried rows of a batch out; their answers wait to be sent. */
    void carriedOut(IoreqBatchView batch, int[] rows, long[] values, int count) {
        for (int i = 0; i < count; i++) {
            int row = rows[i];
            carriedOut++;
            if (kept.carriedOut(
                    batch.vcpu(row), batch.vcpuEpoch(row), batch.sequence(row), batch.part(row), values[i])) {
                pending.add(
                        batch.vcpu(row), batch.vcpuEpoch(row), batch.sequence(row), batch.part(row), values[i], false);
            }
        }
    }

    /** Everything that is kept, for a new stream; it holds the waiting answers too, so these wait no more, and its credit is new. */
    RowColumns forAttach() {
        pending.clear();
        creditOwed = 0;
        RowColumns rows = new RowColumns();
        kept.forEach(rows::add);
        return rows;
    }

    void resumed() {
        resumptions++;
    }

    /** A row of a batch was given up, which is to be said: Trapline keeps its slot until then (F4), and gives its credit back. */
    void abandoned(IoreqBatchView batch, int row) {
        kept.abandoned(batch.vcpu(row), batch.vcpuEpoch(row), batch.sequence(row), batch.part(row));
        pending.add(batch.vcpu(row), batch.vcpuEpoch(row), batch.sequence(row), batch.part(row), 0, true);
    }

    /** The credit of rows that are never answered, which does not come back by itself; 0 afterwards. */
    int takeCredit() {
        int owed = creditOwed;
        creditOwed = 0;
        return owed;
    }

    EmulatorCounters counters() {
        return new EmulatorCounters(received, carriedOut, repeated, refused, redelivered, resumptions);
    }
}
