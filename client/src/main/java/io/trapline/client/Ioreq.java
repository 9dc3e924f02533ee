package io.trapline.client;

import io.trapline.model.IoreqAttributes;

/**
 * One forwarded access as an object, for device models that take one at a time; Xen's {@code ioreq_t}. Its key (vCPU, vCPU epoch,
 * sequence, part) stays the same through every resend (F6). Immutable.
 */
public final class Ioreq {
    private final IoreqBatchView batch;
    private final int row;

    Ioreq(IoreqBatchView batch, int row) {
        this.batch = batch;
        this.row = row;
    }

    /** PIO, COPY, PCI_CONFIG … of {@link IoreqAttributes}. */
    public int type() {
        return IoreqAttributes.type(batch.attributes(row));
    }

    /** Whether the guest writes. */
    public boolean isWrite() {
        return batch.isWrite(row);
    }

    /** COPY: gpa in bytes. PIO: port. PCI_CONFIG: SBDF << 32 | register. With df the first repetition, the highest. */
    public long address() {
        return batch.address(row);
    }

    /** 1, 2, 4 or 8. */
    public int sizeBytes() {
        return batch.sizeBytes(row);
    }

    /** Write: the value. With data_is_ptr: gpa of the buffer. Read: 0. */
    public long data() {
        return batch.data(row);
    }

    /** Repetitions, 1 … 2^20. */
    public int count() {
        return batch.count(row);
    }

    /** Whether the addresses of the repetitions descend. */
    public boolean isDf() {
        return IoreqAttributes.isDf(batch.attributes(row));
    }

    /** Whether {@link #data} is the gpa of a buffer that the repetitions read or fill. */
    public boolean isDataPtr() {
        return IoreqAttributes.isDataPtr(batch.attributes(row));
    }

    /** Whether another run may have carried it out before (F6). */
    public boolean isRedelivered() {
        return batch.isRedelivered(row);
    }

    /** Whether it is a posted write (F3). */
    public boolean isPosted() {
        return batch.isPosted(row);
    }

    /** X of the claim that brought it, 0 … 15, or -1: a range did. */
    public int claimedType() {
        return batch.claimedType(row);
    }

    /** 0 … 4095. */
    public int vcpu() {
        return batch.vcpu(row);
    }

    /** The revision at which that vCPU was opened. */
    public long vcpuEpoch() {
        return batch.vcpuEpoch(row);
    }

    /** 1 and up. */
    public long sequence() {
        return batch.sequence(row);
    }

    /** Which part of an access that was cut (A2), 0 and up. */
    public int part() {
        return batch.part(row);
    }

    /** The domain's pages, for this ioreq while it is under way (F2). */
    public EmulatorMemory memory() {
        return batch.memory(row);
    }

    @Override
    public String toString() {
        String what = switch (type()) {
            case IoreqAttributes.PIO -> "PIO";
            case IoreqAttributes.COPY -> "COPY";
            case IoreqAttributes.PCI_CONFIG -> "PCI_CONFIG";
            case IoreqAttributes.TIMEOFFSET -> "TIMEOFFSET";
            case IoreqAttributes.INVALIDATE -> "INVALIDATE";
            default -> "type " + type();
        };
        return "vcpu " + vcpu() + " #" + sequence() + (part() == 0 ? "" : "." + part()) + " " + what
                + (isWrite() ? " write " : " read ") + sizeBytes()
                + " bytes at 0x" + Long.toHexString(address())
                + (count() == 1 ? "" : " x" + count() + (isDf() ? " descending" : ""))
                + (isDataPtr() ? ", buffer at 0x" + Long.toHexString(data()) : "")
                + (isWrite() && !isDataPtr() ? " = 0x" + Long.toHexString(data()) : "");
    }
}
