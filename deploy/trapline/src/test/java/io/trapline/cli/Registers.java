package io.trapline.cli;

import io.trapline.client.Answers;
import io.trapline.client.DeviceModel;
import io.trapline.client.Ioreq;
import io.trapline.model.Gpa;

/** A device that holds what is written to it, with seams for what an author may get wrong. */
class Registers implements DeviceModel {
    /** Where the device is. */
    static final long FIRST_GFN = 16;

    /** Its size. */
    static final int PAGES = 3;

    private final long baseGpa;
    private final byte[] bytes = new byte[PAGES * 4096];

    Registers() {
        this(FIRST_GFN * 4096);
    }

    Registers(long baseGpa) {
        this.baseGpa = baseGpa;
    }

    @Override
    public void write(Ioreq ioreq) {
        for (int i = 0; i < repetitions(ioreq); i++) {
            long value = ioreq.isDataPtr() ? element(ioreq, i) : ioreq.data();
            int at = at(ioreq, i);
            for (int b = 0; b < bytesWritten(ioreq) && at + b < bytes.length; b++) {
                bytes[at + b] = (byte) (value >>> (8 * b));
            }
        }
    }

    @Override
    public long read(Ioreq ioreq) {
        long value = 0;
        for (int i = 0; i < repetitions(ioreq); i++) {
            int at = at(ioreq, i);
            value = 0;
            for (int b = ioreq.sizeBytes() - 1; b >= 0; b--) {
                value = value << 8 | (bytes[at + b] & 0xFF);
            }
            if (ioreq.isDataPtr()) {
                ioreq.memory().write(buffer(ioreq, i), value, ioreq.sizeBytes());
            }
        }
        return ioreq.isDataPtr() ? 0 : answer(value, ioreq);
    }

    long answer(long value, Ioreq ioreq) {
        return value;
    }

    int bytesWritten(Ioreq ioreq) {
        return ioreq.sizeBytes();
    }

    int repetitions(Ioreq ioreq) {
        return ioreq.count();
    }

    final void serve(Ioreq ioreq, int row, Answers answers) {
        if (ioreq.isWrite()) {
            write(ioreq);
        }
        answers.answer(row, ioreq.isWrite() ? 0 : read(ioreq));
    }

    int direction(Ioreq ioreq) {
        return ioreq.isDf() ? -1 : 1;
    }

    private int at(Ioreq ioreq, int element) {
        long at = ioreq.address() - baseGpa + (long) direction(ioreq) * element * ioreq.sizeBytes();
        return (int) Math.max(0, Math.min(at, bytes.length - ioreq.sizeBytes()));
    }

    private static Gpa buffer(Ioreq ioreq, int element) {
        int step = ioreq.isDf() ? -ioreq.sizeBytes() : ioreq.sizeBytes();
        return new Gpa(ioreq.data() + (long) step * element);
    }

    private static long element(Ioreq ioreq, int element) {
        byte[] read = ioreq.memory().read(buffer(ioreq, element), ioreq.sizeBytes());
        long value = 0;
        for (int b = read.length - 1; b >= 0; b--) {
            value = value << 8 | (read[b] & 0xFF);
        }
        return value;
    }
}
