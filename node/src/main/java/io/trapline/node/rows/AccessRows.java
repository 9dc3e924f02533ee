package io.trapline.node.rows;

import io.trapline.model.Pure;
import java.util.Arrays;

/**
 * Accesses in columns, from a domain's vCPUs to one of its shards, the rows of one vCPU in ascending order. {@code attributes} as in
 * {@link io.trapline.model.AccessAttributes}; all rows are well-formed (A1). Ownership passes with the tell.
 */
@Pure
public final class AccessRows {
    /** In place of a deadline: the row's time has ended before its turn. It is not to be carried out, wherever it comes again (A4). */
    public static final long TIMED_OUT = Long.MIN_VALUE;

    private int size;
    private int[] vcpu;
    private int[] count;
    private int[] window;
    private byte[] attributes;
    private long[] vcpuEpoch;
    private long[] sequence;
    private long[] address;
    private long[] data;
    private long[] deadlineNanos;
    private long[] gatewayRevision;

    public AccessRows(int capacity) {
        int length = Math.max(1, capacity);
        vcpu = new int[length];
        count = new int[length];
        window = new int[length];
        attributes = new byte[length];
        vcpuEpoch = new long[length];
        sequence = new long[length];
        address = new long[length];
        data = new long[length];
        deadlineNanos = new long[length];
        gatewayRevision = new long[length];
    }

    /** A row whose guest has been where it is since it opened the vCPU. */
    public void add(
            int aVcpu,
            long anEpoch,
            long aSequence,
            byte theAttributes,
            long anAddress,
            long theData,
            int aCount,
            int aWindow,
            long theDeadlineNanos) {
        add(aVcpu, anEpoch, aSequence, theAttributes, anAddress, theData, aCount, aWindow, theDeadlineNanos, anEpoch);
    }

    /**
     * A row.
     *
     * @param aGatewayRevision the revision at which the guest came to the node that passes the row on; the vCPU's epoch or greater
     */
    public void add(
            int aVcpu,
            long anEpoch,
            long aSequence,
            byte theAttributes,
            long anAddress,
            long theData,
            int aCount,
            int aWindow,
            long theDeadlineNanos,
            long aGatewayRevision) {
        if (size == vcpu.length) {
            grow(2 * size);
        }
        vcpu[size] = aVcpu;
        vcpuEpoch[size] = anEpoch;
        sequence[size] = aSequence;
        attributes[size] = theAttributes;
        address[size] = anAddress;
        data[size] = theData;
        count[size] = aCount;
        window[size] = aWindow;
        deadlineNanos[size] = theDeadlineNanos;
        gatewayRevision[size] = aGatewayRevision;
        size++;
    }

    private void grow(int length) {
        vcpu = Arrays.copyOf(vcpu, length);
        count = Arrays.copyOf(count, length);
        window = Arrays.copyOf(window, length);
        attributes = Arrays.copyOf(attributes, length);
        vcpuEpoch = Arrays.copyOf(vcpuEpoch, length);
        sequence = Arrays.copyOf(sequence, length);
        address = Arrays.copyOf(address, length);
        data = Arrays.copyOf(data, length);
        deadlineNanos = Arrays.copyOf(deadlineNanos, length);
        gatewayRevision = Arrays.copyOf(gatewayRevision, length);
    }

    public int size() {
        return size;
    }

    public boolean isEmpty() {
        return size == 0;
    }

    public int vcpu(int row) {
        return vcpu[row];
    }

    public long vcpuEpoch(int row) {
        return vcpuEpoch[row];
    }

    public long sequence(int row) {
        return sequence[row];
    }

    public byte attributes(int row) {
        return attributes[row];
    }

    public long address(int row) {
        return address[row];
    }

    public long data(int row) {
        return data[row];
    }

    public int count(int row) {
        return count[row];
    }

    /** How many accesses of the vCPU may be outstanding. */
    public int window(int row) {
        return window[row];
    }

    /** On the clock of the node that has the rows, or {@link #TIMED_OUT}. */
    public long deadlineNanos(int row) {
        return deadlineNanos[row];
    }

    /** The revision at which the guest came to the node that passes the row on. */
    public long gatewayRevision(int row) {
        return gatewayRevision[row];
    }

    /** Adds a row of others. */
    public void add(AccessRows of, int row) {
        add(
                of.vcpu[row],
                of.vcpuEpoch[row],
                of.sequence[row],
                of.attributes[row],
                of.address[row],
                of.data[row],
                of.count[row],
                of.window[row],
                of.deadlineNanos[row],
                of.gatewayRevision[row]);
    }
}
