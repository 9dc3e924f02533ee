package io.trapline.cli.replay;

import io.trapline.cli.trace.Trace;
import java.util.Arrays;

/**
 * What the emulators must be passed for a log, in its order: one ioreq an access, or several where a memory access crosses a page,
 * which is carried out in parts, largest power of two first, lower address first (A2). Columns; an ioreq is named by its index.
 */
final class ExpectedIoreqs {
    private static final long PAGE_BYTES = 4096;

    private final int[] firstOfAccess;
    private int[] access;
    private long[] address;
    private long[] data;
    private byte[] sizeBytes;
    private int size;

    private ExpectedIoreqs(int accesses) {
        firstOfAccess = new int[accesses + 1];
        access = new int[accesses];
        address = new long[accesses];
        data = new long[accesses];
        sizeBytes = new byte[accesses];
    }

    static ExpectedIoreqs of(Trace trace) {
        ExpectedIoreqs expected = new ExpectedIoreqs(trace.size());
        for (int row = 0; row < trace.size(); row++) {
            expected.firstOfAccess[row] = expected.size;
            expected.addParts(trace, row);
        }
        expected.firstOfAccess[trace.size()] = expected.size;
        return expected;
    }

    /** How many there are. */
    int size() {
        return size;
    }

    /** The first of an access, an index. */
    int first(int row) {
        return firstOfAccess[row];
    }

    /** How many an access has. */
    int parts(int row) {
        return firstOfAccess[row + 1] - firstOfAccess[row];
    }

    /** The access that it belongs to. */
    int access(int ioreq) {
        return access[ioreq];
    }

    long address(int ioreq) {
        return address[ioreq];
    }

    int sizeBytes(int ioreq) {
        return sizeBytes[ioreq];
    }

    /** What is written, or what a read is to be answered with. */
    long data(int ioreq) {
        return data[ioreq];
    }

    private void addParts(Trace trace, int row) {
        long at = trace.address(row);
        long value = trace.value(row);
        int left = trace.sizeBytes(row);
        boolean crosses = !trace.isPort(row) && at % PAGE_BYTES + left > PAGE_BYTES;
        while (left > 0) {
            long room = crosses ? Math.min(left, PAGE_BYTES - at % PAGE_BYTES) : left;
            int part = (int) Long.highestOneBit(room);
            add(row, at, part, value & (-1L >>> (64 - 8 * part)));
            at += part;
            left -= part;
            value = left == 0 ? 0 : value >>> (8 * part);
        }
    }

    private void add(int row, long at, int bytes, long value) {
        if (size == access.length) {
            int wider = Math.addExact(size, size / 2 + 8);
            access = Arrays.copyOf(access, wider);
            address = Arrays.copyOf(address, wider);
            data = Arrays.copyOf(data, wider);
            sizeBytes = Arrays.copyOf(sizeBytes, wider);
        }
        access[size] = row;
        address[size] = at;
        sizeBytes[size] = (byte) bytes;
        data[size] = value;
        size++;
    }
}
