package io.trapline.node.ioreq;

import io.trapline.model.Pure;

/**
 * When the server must look at its rows' deadlines next. It looks at all of them at once, so it does so no more often than is in proportion to
 * their number: a deadline may pass by 100 ns a row.
 */
@Pure
final class Deadlines {
    /** Nothing to look at. */
    static final long NEVER = Long.MAX_VALUE;

    private static final long NANOS_PER_ROW = 100;

    private long earliest = NEVER;
    private long lookedAt = Long.MIN_VALUE / 2;

    /** There is a row with this deadline. */
    void note(long deadlineNanos) {
        earliest = Math.min(earliest, deadlineNanos);
    }

    /** Everything is looked at now; what is left is noted anew. */
    void look(long nowNanos) {
        earliest = NEVER;
        lookedAt = nowNanos;
    }

    /** When to look again, with so many rows. */
    long next(int rows) {
        if (rows == 0 || earliest == NEVER) {
            return NEVER;
        }
        return Math.max(earliest, lookedAt + rows * NANOS_PER_ROW);
    }
}
