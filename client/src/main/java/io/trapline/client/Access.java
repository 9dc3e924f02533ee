package io.trapline.client;

import io.trapline.model.AccessAttributes;
import io.trapline.model.Gpa;
import io.trapline.model.Limit;
import java.time.Duration;

/**
 * One access of a vCPU as an object, for guests that send them one by one (A1). What Trapline does not take is an EINVAL answer, not
 * an exception here, except for sizes that cannot be written down.
 *
 * @param address MEM: gpa in bytes. PIO: port. PCI: SBDF << 32 | register. With df the first repetition, the highest
 * @param attributes as {@link AccessAttributes} packs them
 * @param data write: the value in its low bytes; with data_is_ptr the gpa of the buffer; read: 0
 * @param count repetitions, 1 … 2^20
 * @param timeoutMillis from its arrival at Trapline; 0 = the domain's default
 */
public record Access(long address, byte attributes, long data, int count, int timeoutMillis) {
    /** Reads 1, 2, 4 or 8 bytes of guest memory. */
    public static Access read(Gpa gpa, int sizeBytes) {
        return of(AccessAttributes.MEM, gpa.value(), sizeBytes, false, 0);
    }

    /** Writes the low 1, 2, 4 or 8 bytes of a value to guest memory. */
    public static Access write(Gpa gpa, int sizeBytes, long value) {
        return of(AccessAttributes.MEM, gpa.value(), sizeBytes, true, value);
    }

    /** Reads a port, 0 … 0xFFFF. */
    public static Access readPort(int port, int sizeBytes) {
        return of(AccessAttributes.PIO, port, sizeBytes, false, 0);
    }

    /** Writes a port, 0 … 0xFFFF. */
    public static Access writePort(int port, int sizeBytes, long value) {
        return of(AccessAttributes.PIO, port, sizeBytes, true, value);
    }

    /** Reads a register, 0 … 0xFFF, of the PCI function {@code segment << 16 | bus << 8 | device << 3 | function}. */
    public static Access readPci(long sbdf, int register, int sizeBytes) {
        return of(AccessAttributes.PCI, sbdf << 32 | register, sizeBytes, false, 0);
    }

    /** Writes a register, 0 … 0xFFF, of the PCI function {@code segment << 16 | bus << 8 | device << 3 | function}. */
    public static Access writePci(long sbdf, int register, int sizeBytes, long value) {
        return of(AccessAttributes.PCI, sbdf << 32 | register, sizeBytes, true, value);
    }

    private static Access of(int kind, long address, int sizeBytes, boolean write, long data) {
        if (sizeBytes != 1 && sizeBytes != 2 && sizeBytes != 4 && sizeBytes != 8) {
            throw new IllegalArgumentException("size = " + sizeBytes + ": 1, 2, 4 or 8");
        }
        return new Access(address, AccessAttributes.of(sizeBytes, write, kind), data, 1, 0);
    }

    /** The same as a REP of so many repetitions. */
    public Access repeated(int repetitions) {
        return new Access(address, attributes, data, repetitions, timeoutMillis);
    }

    /** The same with addresses that descend from {@link #address}. */
    public Access descending() {
        return with(AccessAttributes.DF);
    }

    /** The same write, which may be buffered (F3). */
    public Access posted() {
        return with(AccessAttributes.POSTED);
    }

    /** The same with a buffer in guest memory that the repetitions read or fill. */
    public Access buffer(Gpa gpa) {
        byte withPointer = (byte) (attributes | AccessAttributes.DATA_IS_PTR);
        return new Access(address, withPointer, gpa.value(), count, timeoutMillis);
    }

    /** The same with its own timeout, up to an hour. */
    public Access timeout(Duration timeout) {
        if (timeout.isNegative() || timeout.toMillis() > Limit.MAX_TIMEOUT_MILLIS.value()) {
            throw new IllegalArgumentException("timeout = " + timeout + ": 0 … 1 h");
        }
        return new Access(address, attributes, data, count, (int) timeout.toMillis());
    }

    private Access with(int bit) {
        return new Access(address, (byte) (attributes | bit), data, count, timeoutMillis);
    }
}
