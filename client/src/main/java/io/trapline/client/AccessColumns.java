package io.trapline.client;

import io.trapline.model.AccessAttributes;
import java.util.Arrays;
import java.util.Objects;

/**
 * Accesses of one vCPU in columns, for guests that send many: filled, given to {@link Vcpu#submit} or {@link Vcpu#offer}, cleared and
 * filled again. Not thread-safe.
 */
public final class AccessColumns {
    private long[] address;
    private byte[] attributes;
    private long[] data;
    private int[] count;
    private int[] timeoutMillis;
    private long[] sequence;
    private int size;

    /** Room for so many rows; it grows. */
    public AccessColumns(int capacity) {
        int room = Math.max(1, capacity);
        address = new long[room];
        attributes = new byte[room];
        data = new long[room];
        count = new int[room];
        timeoutMillis = new int[room];
        sequence = new long[room];
    }

    /** One more row: a read of guest memory. */
    public AccessColumns addRead(long gpa, int sizeBytes) {
        return add(gpa, AccessAttributes.of(sizeBytes, false, AccessAttributes.MEM), 0, 1, 0);
    }

    /** One more row: a write to guest memory. */
    public AccessColumns addWrite(long gpa, int sizeBytes, long value) {
        return add(gpa, AccessAttributes.of(sizeBytes, true, AccessAttributes.MEM), value, 1, 0);
    }

    /** One more row, as in {@link Access}. */
    public AccessColumns add(long rowAddress, byte rowAttributes, long rowData, int rowCount, int rowTimeoutMillis) {
        if (size == address.length) {
            grow(size * 2);
        }
        address[size] = rowAddress;
        attributes[size] = rowAttributes;
        data[size] = rowData;
        count[size] = rowCount;
        timeoutMillis[size] = rowTimeoutMillis;
        size++;
        return this;
    }

    private void grow(int room) {
        address = Arrays.copyOf(address, room);
        attributes = Arrays.copyOf(attributes, room);
        data = Arrays.copyOf(data, room);
        count = Arrays.copyOf(count, room);
        timeoutMillis = Arrays.copyOf(timeoutMillis, room);
        sequence = Arrays.copyOf(sequence, room);
    }

    /** Empties it. */
    public AccessColumns clear() {
        size = 0;
        return this;
    }

    /** How many rows there are. */
    public int size() {
        return size;
    }

    /** OUT: the sequence number under which a submitted row was sent. */
    public long sequence(int row) {
        return sequence[Objects.checkIndex(row, size)];
    }

    /** Gives a row to the window; false where that is full. */
    boolean submitTo(SendWindow window, int row, long nowNanos) {
        long number = window.submit(nowNanos, address[row], attributes[row], data[row], count[row], timeoutMillis[row]);
        sequence[row] = number;
        return number != 0;
    }
}
