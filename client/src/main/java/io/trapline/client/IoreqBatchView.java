package io.trapline.client;

import io.trapline.model.IoreqAttributes;
import io.trapline.v1.IoreqBatch;
import io.trapline.v1.IoreqKey;
import io.trapline.v1.OnBehalfOf;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The ioreqs of one message that are to be carried out, in columns: row i of 0 … size-1. What this run has carried out or has under
 * way is not among them. Immutable.
 */
public final class IoreqBatchView {
    private final Emulator emulator;
    private final IoreqBatch batch;
    /** The rows of the message to carry out; null = all, the usual case. */
    private final int @Nullable [] rows;

    private final int size;

    IoreqBatchView(Emulator emulator, IoreqBatch batch, int @Nullable [] rows, int size) {
        this.emulator = emulator;
        this.batch = batch;
        this.rows = rows;
        this.size = size;
    }

    /** How many rows there are, at least 1. */
    public int size() {
        return size;
    }

    /** The row as an object. */
    public Ioreq ioreq(int row) {
        return new Ioreq(this, Objects.checkIndex(row, size));
    }

    /** COPY: gpa in bytes. PIO: port. PCI_CONFIG: SBDF << 32 | register. With df the first repetition, the highest. */
    public long address(int row) {
        return batch.getAddress(at(row));
    }

    /** Size, direction, type, df and data_is_ptr, as {@link IoreqAttributes} reads them. */
    public int attributes(int row) {
        return batch.getAttributes().byteAt(at(row)) & 0xFF;
    }

    /** Whether the guest writes. */
    public boolean isWrite(int row) {
        return IoreqAttributes.isWrite(attributes(row));
    }

    /** 1, 2, 4 or 8. */
    public int sizeBytes(int row) {
        return IoreqAttributes.sizeBytes(attributes(row));
    }

    /** Write: the value. With data_is_ptr: gpa of the buffer. Read: 0. */
    public long data(int row) {
        return batch.getDataCount() == 0 ? 0 : batch.getData(at(row));
    }

    /** Repetitions, 1 … 2^20. */
    public int count(int row) {
        return batch.getCountCount() == 0 ? 1 : batch.getCount(at(row));
    }

    /** Whether another run may have carried it out before (F6). */
    public boolean isRedelivered(int row) {
        return (marks(row) & IoreqAttributes.MARK_REDELIVERED) != 0;
    }

    /** Whether it is a posted write (F3). */
    public boolean isPosted(int row) {
        return (marks(row) & IoreqAttributes.MARK_POSTED) != 0;
    }

    private int marks(int row) {
        return batch.getMarks().isEmpty() ? 0 : batch.getMarks().byteAt(at(row));
    }

    /** X of the claim that brought it, 0 … 15, or -1: a range did. */
    public int claimedType(int row) {
        return batch.getClaimedType().isEmpty()
                ? IoreqAttributes.BY_RANGE
                : batch.getClaimedType().byteAt(at(row));
    }

    /** 0 … 4095. */
    public int vcpu(int row) {
        return batch.getVcpuCount() == 0 ? 0 : batch.getVcpu(at(row));
    }

    /** The revision at which that vCPU was opened. */
    public long vcpuEpoch(int row) {
        return batch.getVcpuEpoch(at(row));
    }

    /** 1 and up. */
    public long sequence(int row) {
        return batch.getSequence(at(row));
    }

    /** Which part of an access that was cut (A2), 0 and up. */
    public int part(int row) {
        return batch.getPartCount() == 0 ? 0 : batch.getPart(at(row));
    }

    /** The revision under which all rows were decided (C7). */
    public long decidedRevision() {
        return batch.getDecidedRevision();
    }

    /** The domain's pages, for all of these ioreqs; only while every one of them is under way, so answer them after it (F2). */
    public EmulatorMemory memory() {
        return memory(0, size);
    }

    /** The domain's pages, for one of these ioreqs while it is under way (F2). */
    public EmulatorMemory memory(int row) {
        return memory(row, row + 1);
    }

    /** The domain's pages, for the rows {@code from … to-1} while every one of them is under way (F2). */
    public EmulatorMemory memory(int from, int to) {
        OnBehalfOf.Builder keys = OnBehalfOf.newBuilder();
        for (int row = from; row < to; row++) {
            keys.addServing(IoreqKey.newBuilder()
                    .setVcpu(vcpu(row))
                    .setVcpuEpoch(vcpuEpoch(row))
                    .setSequence(sequence(row))
                    .setPart(part(row)));
        }
        return new EmulatorMemory(emulator, keys.build());
    }

    private int at(int row) {
        if (rows == null) {
            return row;
        }
        return rows[row];
    }

    @Override
    public String toString() {
        return size + " ioreqs decided at revision " + decidedRevision()
                + (rows == null ? "" : ", rows " + Arrays.toString(Arrays.copyOf(rows, size)));
    }
}
