package io.trapline.node.ioreq;

import io.trapline.model.Pure;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Changes that wait for what they have caught here (F5). Each has a bit, which the rows it waits for carry; with more than 64 at a time the youngest share
 * one and end together.
 */
@Pure
final class OpenDrains {
    private static final long[] NOTHING = {};

    private final IoreqTable table;
    private final int[] rows = new int[Long.SIZE];
    private final List<List<Long>> revisions = new ArrayList<>();
    private final ArrayDeque<Long> ended = new ArrayDeque<>();
    private long open;

    OpenDrains(IoreqTable table) {
        this.table = table;
        for (int i = 0; i < Long.SIZE; i++) {
            revisions.add(new ArrayList<>());
        }
    }

    /** Begins one, or goes on with it; {@link #begun} follows when it has caught what it finds. Returns its bit. */
    long begin(long revision) {
        int place = placeOf(revision);
        if (place < 0) {
            place = Math.min(Long.numberOfTrailingZeros(~open), Long.SIZE - 1);
            revisions.get(place).add(revision);
            open |= 1L << place;
        }
        return 1L << place;
    }

    private int placeOf(long revision) {
        for (int place = 0; place < Long.SIZE; place++) {
            if (revisions.get(place).contains(revision)) {
                return place;
            }
        }
        return -1;
    }

    /** The drain waits for that row. */
    void caught(int row, long bits) {
        for (long fresh = bits & ~table.drains[row]; fresh != 0; fresh &= fresh - 1) {
            rows[Long.numberOfTrailingZeros(fresh)]++;
        }
        table.drains[row] |= bits;
    }

    /** Those that wait for nothing end. */
    void begun() {
        for (long left = open; left != 0; left &= left - 1) {
            endIfDone(Long.numberOfTrailingZeros(left));
        }
    }

    /** A row is done with, or gone. */
    void gone(int row) {
        for (long left = table.drains[row]; left != 0; left &= left - 1) {
            int place = Long.numberOfTrailingZeros(left);
            rows[place]--;
            endIfDone(place);
        }
        table.drains[row] = 0;
    }

    private void endIfDone(int place) {
        if (rows[place] == 0) {
            open &= ~(1L << place);
            ended.addAll(revisions.get(place));
            revisions.get(place).clear();
        }
    }

    /** The revisions of those that have ended since it was asked last, in the order in which they did. */
    long[] takeEnded() {
        if (ended.isEmpty()) {
            return NOTHING;
        }
        long[] taken = new long[ended.size()];
        Arrays.setAll(taken, i -> ended.remove());
        return taken;
    }
}
