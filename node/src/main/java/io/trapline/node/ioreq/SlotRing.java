package io.trapline.node.ioreq;

import static io.trapline.node.ioreq.IoreqTable.NONE;

import io.trapline.model.Limit;
import io.trapline.model.Pure;
import java.util.Arrays;

/**
 * One vCPU at one server: its slots, one per place in its window (F1), and the order of all its rows that owe an outcome, posted ones included, by
 * epoch, sequence number and part (A3, F3).
 *
 * <p>Invariant: {@link #next} is the first row of the order that was not delivered; none behind it that is not delivered goes before it.
 */
@Pure
final class SlotRing {
    final int vcpu;
    /** The newest epoch seen; slots hold rows of this one only. */
    long epoch;
    /** The row in each slot. */
    int[] slots = {};
    /** The order of the rows, without those that have timed out. */
    int oldest = NONE;

    int newest = NONE;
    int next = NONE;
    /** How many rows are WAITING. */
    int waiting;
    /** Whether it is among those that have something to deliver. */
    boolean queued;
    /** The settled mark to pass on (F6), and whether it is listed to be. */
    long settledThrough;

    boolean settledNew;
    /** What may come here again (F3, F6). */
    final CaughtPosts caught = new CaughtPosts();
    /** What the emulator must still know when it is asked about (F6). */
    final ToldPosts told = new ToldPosts();

    private long mask;

    SlotRing(int vcpu, long epoch) {
        this.vcpu = vcpu;
        this.epoch = epoch;
    }

    /** A new epoch; the slots must be empty. */
    void open(long anEpoch) {
        epoch = anEpoch;
        slots = new int[0];
        settledThrough = 0;
    }

    /** Says how many slots there are; the first row of an epoch knows. */
    void window(int window) {
        slots = new int[Math.clamp(window, 1, Limit.MAX_WINDOW.intValue())];
        Arrays.fill(slots, NONE);
        mask = Integer.bitCount(slots.length) == 1 ? slots.length - 1 : -1;
    }

    /** The slot of a sequence number: its place in the window. */
    int slot(long sequence) {
        return mask >= 0 ? (int) (sequence & mask) : (int) Long.remainderUnsigned(sequence, slots.length);
    }

    /** Puts a row into the order, mostly last. */
    void insert(IoreqTable table, int row) {
        int after = newest;
        while (after != NONE && table.isBefore(row, after)) {
            after = table.older[after];
        }
        int before = after == NONE ? oldest : table.newer[after];
        table.older[row] = after;
        table.newer[row] = before;
        if (after == NONE) {
            oldest = row;
        } else {
            table.newer[after] = row;
        }
        if (before == NONE) {
            newest = row;
        } else {
            table.older[before] = row;
        }
        if (next == NONE || (before != NONE && table.isBefore(row, next))) {
            next = row;
        }
    }

    /** Takes a row out of the order. */
    void unlink(IoreqTable table, int row) {
        if (row == next) {
            advance(table);
        }
        int before = table.older[row];
        int after = table.newer[row];
        if (before == NONE) {
            oldest = after;
        } else {
            table.newer[before] = after;
        }
        if (after == NONE) {
            newest = before;
        } else {
            table.older[after] = before;
        }
    }

    /** The row at {@link #next} is or will be delivered: on to the one after it. */
    void advance(IoreqTable table) {
        int row = table.newer[next];
        while (row != NONE && !table.isUndelivered(row)) {
            row = table.newer[row];
        }
        next = row;
    }

    /** Finds {@link #next} anew. */
    void rewind(IoreqTable table) {
        int row = oldest;
        while (row != NONE && !table.isUndelivered(row)) {
            row = table.newer[row];
        }
        next = row;
    }

    /**
     * Whether the next row may go to the emulator. Not before a posted write that may come again (F3), nor while posted rows of an older epoch are
     * out: their answers are kept by the emulator only until it sees the newer one (F6).
     *
     * <p>No mark passes a posted write that is out, or {@link #told}, and the emulator keeps its answers of all that is behind it. So that these have a bound (F6), what is too
     * far behind waits for it, and so do the parts of an access but for the first.
     */
    boolean mayDeliver(IoreqTable table) {
        return next != NONE
                && table.state[next] == IoreqTable.READY
                && table.vcpuEpoch[next] == table.vcpuEpoch[oldest]
                && !caught.hasBefore(table.vcpuEpoch[next], table.sequence[next])
                && !told.hasOlder(table.vcpuEpoch[next])
                && (!table.buffered[oldest] || isNear(table, table.sequence[oldest]))
                && (told.isEmpty()
                        || told.lowestEpoch() > table.vcpuEpoch[next]
                        || isNear(table, told.lowestSequence()));
    }

    private boolean isNear(IoreqTable table, long post) {
        long behind = table.sequence[next] - post;
        return behind < 0 || (table.part[next] == 0 && behind < slots.length + Limit.MAX_POSTED_WAITING.value());
    }

    /** The settled mark, kept below everything that is still out here, may come again or may be asked about: another shard of the vCPU does not know of that. */
    long settledHere(IoreqTable table) {
        long through = told.below(epoch, settledThrough);
        if (oldest != NONE) {
            through = table.vcpuEpoch[oldest] < epoch ? 0 : Math.min(through, table.sequence[oldest] - 1);
        }
        return caught.below(epoch, through);
    }
}
