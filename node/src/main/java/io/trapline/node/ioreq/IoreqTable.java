package io.trapline.node.ioreq;

import io.trapline.model.Pure;
import java.util.Arrays;

/**
 * The rows that one server holds, in columns; a row is an index. Columns are read and written by the classes of this package, so that a row costs no
 * object and no call. Free places are used again, and given back when a burst is over.
 *
 * <p>Invariant: a free place has no drains, no drain deadline, no run and is neither buffered nor given up.
 */
@Pure
final class IoreqTable {
    /** No row. */
    static final int NONE = -1;

    /** The place is free (F1: NONE). */
    static final byte FREE = 0;
    /** Its slot is taken by an earlier row, or it stands behind one whose slot is. */
    static final byte WAITING = 1;
    /** To be delivered (F1). */
    static final byte READY = 2;
    /** With the emulator (F1). RESP_READY lasts within one step only: the answer becomes the outcome and the slot is free. */
    static final byte INPROCESS = 3;
    /** With the emulator, but its outcome was ETIMEDOUT: it only keeps the slot (F4). */
    static final byte TIMED_OUT = 4;
    /** INPROCESS, and the session that is being bound has said so (S5). */
    static final byte UNDER_WAY = 5;

    /** {@link #drainDeadline} of a row that no change has caught. */
    static final long NOT_CAUGHT = Long.MAX_VALUE;

    private static final int SMALLEST = 256;
    private static final int KEPT = 1 << 14;

    byte[] state = new byte[SMALLEST];
    byte[] attributes = new byte[SMALLEST];
    byte[] marks = new byte[SMALLEST];
    byte[] claimedType = new byte[SMALLEST];
    /** Whether it is in the posted ring instead of a slot. */
    boolean[] buffered = new boolean[SMALLEST];
    /** The emulator answers it no more (F2); when its time is over it keeps no slot. */
    boolean[] givenUp = new boolean[SMALLEST];

    int[] vcpu = new int[SMALLEST];
    int[] part = new int[SMALLEST];
    int[] count = new int[SMALLEST];
    int[] shard = new int[SMALLEST];
    long[] vcpuEpoch = new long[SMALLEST];
    long[] sequence = new long[SMALLEST];
    long[] address = new long[SMALLEST];
    long[] data = new long[SMALLEST];
    long[] shardEpoch = new long[SMALLEST];
    long[] decidedRevision = new long[SMALLEST];
    /** Since which revision this server may have had it, here or elsewhere; 0 = it was not passed to it before (F6). */
    long[] firstRevision = new long[SMALLEST];
    /** When the access' own timeout ends. */
    long[] deadline = new long[SMALLEST];
    /** Since when it is READY, or INPROCESS, or the session that it waits for is bound. */
    long[] since = new long[SMALLEST];
    /** When a change that caught it has it decided again (F5). */
    long[] drainDeadline = new long[SMALLEST];
    /** The drains that wait for it, by {@link OpenDrains}. */
    long[] drains = new long[SMALLEST];
    /** The run that it was last delivered to, 0 = none. */
    long[] run = new long[SMALLEST];
    /** Its neighbours in the order of its vCPU; {@code older} links the free places, too. */
    int[] older = new int[SMALLEST];

    int[] newer = new int[SMALLEST];

    private int firstFree = NONE;
    private int used;
    private int inUse;

    IoreqTable() {
        Arrays.fill(drainDeadline, NOT_CAUGHT);
    }

    /** Every row is below this. */
    int end() {
        return used;
    }

    /** How many there are. */
    int inUse() {
        return inUse;
    }

    int take() {
        inUse++;
        int row = firstFree;
        if (row != NONE) {
            firstFree = older[row];
            return row;
        }
        if (used == state.length) {
            resize(2 * used);
        }
        return used++;
    }

    void free(int row) {
        state[row] = FREE;
        buffered[row] = false;
        givenUp[row] = false;
        drains[row] = 0;
        drainDeadline[row] = NOT_CAUGHT;
        run[row] = 0;
        older[row] = firstFree;
        firstFree = row;
        if (--inUse == 0 && state.length > KEPT) {
            used = 0;
            firstFree = NONE;
            resize(SMALLEST);
        }
    }

    /** Whether row a comes before row b in the order of their vCPU. */
    boolean isBefore(int a, int b) {
        if (vcpuEpoch[a] != vcpuEpoch[b]) {
            return vcpuEpoch[a] < vcpuEpoch[b];
        }
        return sequence[a] != sequence[b] ? sequence[a] < sequence[b] : part[a] < part[b];
    }

    boolean isUndelivered(int row) {
        return state[row] == READY || state[row] == WAITING;
    }

    private void resize(int length) {
        state = Arrays.copyOf(state, length);
        attributes = Arrays.copyOf(attributes, length);
        marks = Arrays.copyOf(marks, length);
        claimedType = Arrays.copyOf(claimedType, length);
        buffered = Arrays.copyOf(buffered, length);
        givenUp = Arrays.copyOf(givenUp, length);
        vcpu = Arrays.copyOf(vcpu, length);
        part = Arrays.copyOf(part, length);
        count = Arrays.copyOf(count, length);
        shard = Arrays.copyOf(shard, length);
        vcpuEpoch = Arrays.copyOf(vcpuEpoch, length);
        sequence = Arrays.copyOf(sequence, length);
        address = Arrays.copyOf(address, length);
        data = Arrays.copyOf(data, length);
        shardEpoch = Arrays.copyOf(shardEpoch, length);
        decidedRevision = Arrays.copyOf(decidedRevision, length);
        firstRevision = Arrays.copyOf(firstRevision, length);
        deadline = Arrays.copyOf(deadline, length);
        since = Arrays.copyOf(since, length);
        int before = drainDeadline.length;
        drainDeadline = Arrays.copyOf(drainDeadline, length);
        if (length > before) {
            Arrays.fill(drainDeadline, before, length, NOT_CAUGHT);
        }
        drains = Arrays.copyOf(drains, length);
        run = Arrays.copyOf(run, length);
        older = Arrays.copyOf(older, length);
        newer = Arrays.copyOf(newer, length);
    }
}
