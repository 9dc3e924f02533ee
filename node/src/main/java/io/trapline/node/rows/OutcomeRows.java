package io.trapline.node.rows;

import io.trapline.model.Pure;
import java.util.Arrays;

/**
 * Outcomes in columns: the key, the value of a read (masked to its size, 0 otherwise) and the errno's number, 0 = done. Whoever is told
 * only reads it, and the teller does not change it any more.
 */
@Pure
public final class OutcomeRows {
    private final KeyRows keys;
    private long[] data;
    private byte[] errno;

    public OutcomeRows(int capacity) {
        keys = new KeyRows(capacity);
        data = new long[Math.max(1, capacity)];
        errno = new byte[Math.max(1, capacity)];
    }

    public void add(int vcpu, long vcpuEpoch, long sequence, int part, long value, byte anErrno) {
        int row = keys.size();
        if (row == data.length) {
            data = Arrays.copyOf(data, 2 * row);
            errno = Arrays.copyOf(errno, 2 * row);
        }
        keys.add(vcpu, vcpuEpoch, sequence, part);
        data[row] = value;
        errno[row] = anErrno;
    }

    public KeyRows keys() {
        return keys;
    }

    public int size() {
        return keys.size();
    }

    public boolean isEmpty() {
        return keys.isEmpty();
    }

    public long data(int row) {
        return data[row];
    }

    public byte errno(int row) {
        return errno[row];
    }
}
