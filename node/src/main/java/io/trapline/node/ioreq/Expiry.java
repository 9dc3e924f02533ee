package io.trapline.node.ioreq;

import io.trapline.model.Lease;
import io.trapline.model.Pure;

/**
 * Times that end (F4, F5): the access' own, wherever its row is; the server's, counted from delivery or, while a session is bound, from when the row
 * was ready; the drain's. A posted write that was not delivered is never dropped for its age, since it has taken effect. What is held for a view that the
 * server has not applied is not looked at: by that view it may be at another home, for which nobody can speak before (D-22). What was asked about does not end
 * while the home before this one may not have heard that it was left, and may deliver it still (F4, F5).
 */
@Pure
final class Expiry {
    private static final long NANOS_PER_MILLI = 1_000_000;
    /**
     * For how long a node may serve by what was before a revision that another one has applied (G-5): it is granted leases for one lease after that, of which the
     * last lasts another; and clocks differ in rate.
     */
    static final long LEFT_HOMES_SERVE_NANOS =
            Lease.LASTS.plus(Lease.MARGIN).multipliedBy(2).toNanos();

    private final IoreqSlots slots;
    private final IoreqTable table;
    private final EmulatorSession session;
    private final RowEnds ends;
    private final Deadlines deadlines = new Deadlines();
    private long timeoutNanos;
    private long leftHomesServeUntil = Long.MIN_VALUE;
    private boolean hasBegun = true;

    Expiry(IoreqSlots slots, EmulatorSession session, RowEnds ends) {
        this.slots = slots;
        this.table = slots.table;
        this.session = session;
        this.ends = ends;
    }

    /** The server's timeout, 0 = for ever. */
    void timeoutMillis(int millis, long nowNanos) {
        if (timeoutNanos != millis * NANOS_PER_MILLI) {
            timeoutNanos = millis * NANOS_PER_MILLI;
            if (owing() > 0) {
                note(nowNanos);
            }
        }
    }

    /** The server comes here from another home, which has applied that, or has lost its lease, once {@link #allHaveHeard}, or so long after. */
    void cameHere(long nowNanos) {
        leftHomesServeUntil = nowNanos + LEFT_HOMES_SERVE_NANOS;
    }

    /** Every node that serves knows that the server is here: an attach has returned that was made since (rule 0). */
    void allHaveHeard(long nowNanos) {
        if (leftHomesServeUntil != Long.MIN_VALUE) {
            leftHomesServeUntil = Long.MIN_VALUE;
            note(nowNanos);
        }
    }

    /** There is a row with this deadline. */
    void note(long deadlineNanos) {
        deadlines.note(deadlineNanos);
    }

    /** A step ends: whatever became ready or was delivered in it did so no earlier than now. */
    void finish(long nowNanos) {
        if (timeoutNanos > 0 && session.isBound()) {
            deadlines.note(nowNanos + timeoutNanos);
        }
    }

    long next() {
        return deadlines.next(owing());
    }

    private int owing() {
        return slots.owing();
    }

    /** @param begun whether the server has begun here: before, no session has been passed anything, nor is heard, so that the server's time does not run */
    void expire(long nowNanos, boolean begun) {
        hasBegun = begun;
        deadlines.look(nowNanos);
        boolean drainEnds = false;
        for (int row = 0; row < table.end(); row++) {
            if (owes(row)) {
                drainEnds |= timesOutOrDrains(row, nowNanos);
            }
        }
        // Only now: what goes back takes with it what its vCPU has behind it, but not what had timed out before.
        for (int row = 0; drainEnds && row < table.end(); row++) {
            if (owes(row) && drainDeadline(row) <= nowNanos) {
                ends.giveBack(row, nowNanos);
            }
        }
    }

    /**
     * Ends what is about to be delivered beyond its access' own time: its shard may have given it up by then (F4). What was delivered may be answered in this
     * step, or a later one that comes before its tick.
     */
    void expireUndelivered(long nowNanos) {
        if (next() > nowNanos) {
            return;
        }
        for (int row = 0; row < table.end(); row++) {
            if (table.isUndelivered(row) && table.deadline[row] <= nowNanos) {
                ends.timeOut(row, nowNanos);
            }
        }
    }

    private boolean owes(int row) {
        return table.state[row] != IoreqTable.FREE && table.state[row] != IoreqTable.TIMED_OUT;
    }

    /** Times the row out if its time is over; else says whether its drain's is. */
    private boolean timesOutOrDrains(int row, long nowNanos) {
        long deadline = Math.max(Math.min(table.deadline[row], serverDeadline(row)), notBefore(row));
        if (deadline <= nowNanos) {
            ends.timeOut(row, nowNanos);
            return false;
        }
        note(Math.min(deadline, drainDeadline(row)));
        return drainDeadline(row) <= nowNanos;
    }

    private long drainDeadline(int row) {
        return Math.max(table.drainDeadline[row], notBefore(row));
    }

    /** What was asked about is with an emulator, and no session of here has had it. */
    private long notBefore(int row) {
        boolean wasAsked = table.state[row] == IoreqTable.INPROCESS && table.run[row] == 0;
        return wasAsked ? leftHomesServeUntil : Long.MIN_VALUE;
    }

    private long serverDeadline(int row) {
        boolean counts = table.state[row] == IoreqTable.INPROCESS
                || (table.state[row] == IoreqTable.READY && !table.buffered[row]);
        return counts && hasBegun && timeoutNanos > 0 && session.isBound()
                ? table.since[row] + timeoutNanos
                : Deadlines.NEVER;
    }
}
