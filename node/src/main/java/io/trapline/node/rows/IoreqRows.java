package io.trapline.node.rows;

import io.trapline.model.Pure;
import java.util.Arrays;

/**
 * Ioreqs in columns, from the shard that decided them to the server that passes them on. Ownership passes with the tell.
 * {@code attributes} as in {@link io.trapline.model.IoreqAttributes}; {@code window} is that of the vCPU (F1: one slot per place in it);
 * {@code deadlineNanos} is when the access' own timeout ends, on the node's monotonic clock (A1).
 */
@Pure
public final class IoreqRows {
    /** The deadline of a posted write that took effect when another server queued it: it is never dropped for its age (F3). */
    public static final long NO_DEADLINE = Long.MAX_VALUE;

    private final KeyRows keys;
    private byte[] attributes;
    private byte[] marks;
    private byte[] claimedType;
    private int[] count;
    private int[] window;
    private long[] address;
    private long[] data;
    private long[] deadlineNanos;
    private long[] firstRevision;

    public IoreqRows(int capacity) {
        int length = Math.max(1, capacity);
        keys = new KeyRows(length);
        attributes = new byte[length];
        marks = new byte[length];
        claimedType = new byte[length];
        count = new int[length];
        window = new int[length];
        address = new long[length];
        data = new long[length];
        deadlineNanos = new long[length];
        firstRevision = new long[length];
    }

    /** Appends a row that was never passed on before. */
    public void add(
            int vcpu,
            long vcpuEpoch,
            long sequence,
            int part,
            byte theAttributes,
            byte theMarks,
            byte theClaimedType,
            long theAddress,
            long theData,
            int theCount,
            int theWindow,
            long theDeadlineNanos) {
        add(
                vcpu,
                vcpuEpoch,
                sequence,
                part,
                theAttributes,
                theMarks,
                theClaimedType,
                theAddress,
                theData,
                theCount,
                theWindow,
                theDeadlineNanos,
                0);
    }

    /** Appends a row; its other columns follow by the setters' order of this call. */
    public void add(
            int vcpu,
            long vcpuEpoch,
            long sequence,
            int part,
            byte theAttributes,
            byte theMarks,
            byte theClaimedType,
            long theAddress,
            long theData,
            int theCount,
            int theWindow,
            long theDeadlineNanos,
            long theFirstRevision) {
        int row = keys.size();
        if (row == address.length) {
            grow(2 * row);
        }
        keys.add(vcpu, vcpuEpoch, sequence, part);
        attributes[row] = theAttributes;
        marks[row] = theMarks;
        claimedType[row] = theClaimedType;
        count[row] = theCount;
        window[row] = theWindow;
        address[row] = theAddress;
        data[row] = theData;
        deadlineNanos[row] = theDeadlineNanos;
        firstRevision[row] = theFirstRevision;
    }

    /** Appends a row of another batch. */
    public void add(IoreqRows other, int row) {
        add(
                other.keys.vcpu(row),
                other.keys.vcpuEpoch(row),
                other.keys.sequence(row),
                other.keys.part(row),
                other.attributes[row],
                other.marks[row],
                other.claimedType[row],
                other.address[row],
                other.data[row],
                other.count[row],
                other.window[row],
                other.deadlineNanos[row],
                other.firstRevision[row]);
    }

    private void grow(int length) {
        attributes = Arrays.copyOf(attributes, length);
        marks = Arrays.copyOf(marks, length);
        claimedType = Arrays.copyOf(claimedType, length);
        count = Arrays.copyOf(count, length);
        window = Arrays.copyOf(window, length);
        address = Arrays.copyOf(address, length);
        data = Arrays.copyOf(data, length);
        deadlineNanos = Arrays.copyOf(deadlineNanos, length);
        firstRevision = Arrays.copyOf(firstRevision, length);
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

    public byte attributes(int row) {
        return attributes[row];
    }

    /** {@code MARK_REDELIVERED}, {@code MARK_POSTED} of {@link io.trapline.model.IoreqAttributes}. */
    public byte marks(int row) {
        return marks[row];
    }

    /** X of the claim that brought the row here, or {@code BY_RANGE}. */
    public byte claimedType(int row) {
        return claimedType[row];
    }

    public int count(int row) {
        return count[row];
    }

    public int window(int row) {
        return window[row];
    }

    public long address(int row) {
        return address[row];
    }

    public long data(int row) {
        return data[row];
    }

    public long deadlineNanos(int row) {
        return deadlineNanos[row];
    }

    /** Whether the server may have one of the rows from … to - 1 already. */
    public boolean wasPassedBefore(int from, int to) {
        for (int row = from; row < to; row++) {
            if (firstRevision[row] != 0) {
                return true;
            }
        }
        return false;
    }

    /** Since which revision the server may have the row already; 0 = it was never passed to it (F6). */
    public long firstRevision(int row) {
        return firstRevision[row];
    }
}
