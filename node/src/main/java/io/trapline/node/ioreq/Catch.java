package io.trapline.node.ioreq;

import io.trapline.model.Pure;
import io.trapline.node.protocol.Drain;
import io.trapline.node.protocol.ServerView;
import java.util.List;

/**
 * What a change catches (F5): rows whose claim or range is gone, or that a shard recalls. Those not delivered go back at once; the rest may still be
 * answered for a while.
 */
@Pure
final class Catch {
    /** For changes that name no time of their own: unmapping a range. */
    static final int DEFAULT_DRAIN_MILLIS = 5_000;

    /** {@link Drain#x} of a change that catches everything of the server. */
    private static final int EVERYTHING = -1;

    private static final long NANOS_PER_MILLI = 1_000_000;

    private final IoreqTable table;
    private final OpenDrains drains;
    private final RowEnds ends;
    private final Expiry expiry;

    Catch(IoreqTable table, OpenDrains drains, RowEnds ends, Expiry expiry) {
        this.table = table;
        this.drains = drains;
        this.ends = ends;
        this.expiry = expiry;
    }

    /** Catches what the drains name, and whatever else the view has no reason for any more. */
    void all(ServerView view, List<Drain> begun, long nowNanos) {
        long[] bits = begun.stream()
                .mapToLong(drain -> drains.begin(drain.revision()))
                .toArray();
        for (int row = 0; row < table.end(); row++) {
            if (table.state[row] != IoreqTable.FREE && table.state[row] != IoreqTable.TIMED_OUT) {
                oneOf(row, view, begun, bits, nowNanos);
            }
        }
        drains.begun();
    }

    private void oneOf(int row, ServerView view, List<Drain> begun, long[] bits, long nowNanos) {
        long drainsOfRow = 0;
        int millis = Integer.MAX_VALUE;
        for (int i = 0; i < bits.length; i++) {
            Drain drain = begun.get(i);
            if (drain.x() == EVERYTHING || drain.x() == table.claimedType[row]) {
                drainsOfRow |= bits[i];
                millis = Math.min(millis, drain.drainMillis());
            }
        }
        if (drainsOfRow != 0) {
            row(row, nowNanos, millis, drainsOfRow);
        } else {
            strays(row, view, nowNanos);
        }
    }

    /** Catches the row if the view has no reason for it any more. */
    void strays(int row, ServerView view, long nowNanos) {
        if (!ForwardReason.holds(
                view, table.claimedType[row], table.attributes[row], table.address[row], table.count[row])) {
            row(row, nowNanos, DEFAULT_DRAIN_MILLIS, 0);
        }
    }

    /** Catches one row, for these drains. */
    void row(int row, long nowNanos, int drainMillis, long drainsOfRow) {
        if (table.isUndelivered(row)) {
            ends.giveBack(row, nowNanos);
            return;
        }
        ends.isCaught(row);
        table.drainDeadline[row] = Math.min(table.drainDeadline[row], nowNanos + drainMillis * NANOS_PER_MILLI);
        drains.caught(row, drainsOfRow);
        expiry.note(table.drainDeadline[row]);
    }
}
