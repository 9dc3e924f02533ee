package io.trapline.node.ioreq;

import io.trapline.model.Errno;
import io.trapline.model.Pure;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * What a server has told shards, until they say that every copy has it: if the one that was told dies, or hands over, the other one asks (D-21, D-22). As many as are
 * under way between the two nodes. What was told in one message is kept as it is, in columns, and is nearly always recorded in the same order.
 */
@Pure
final class ToldOutcomes {
    /** What came of a row. */
    record Told(long data, byte errno) {}

    /** What one message has told. */
    private static final class Batch {
        private final KeyRows keys;
        /** Null where all of them are posted writes. */
        private final @Nullable OutcomeRows outcomes;
        /** Rows before it are recorded. */
        private int next;
        /** Rows behind it that are, too; null where there have been none. */
        private @Nullable BitSet early;

        private Batch(KeyRows keys, @Nullable OutcomeRows outcomes) {
            this.keys = keys;
            this.outcomes = outcomes;
        }

        private boolean isNext(KeyRows rows, int i) {
            return keys.isAt(next, rows, i);
        }

        /** The row of that key; -1 where it is not there, or is recorded. */
        private int find(KeyRows rows, int i) {
            for (int row = next; row < keys.size(); row++) {
                if (keys.isAt(row, rows, i) && (early == null || !early.get(row))) {
                    return row;
                }
            }
            return -1;
        }

        private void remove(int row) {
            if (row != next) {
                BitSet behind = early == null ? new BitSet(keys.size()) : early;
                behind.set(row);
                early = behind;
                return;
            }
            next = early == null ? row + 1 : early.nextClearBit(row + 1);
        }

        private boolean isOver() {
            return next >= keys.size();
        }

        private Told told(int row) {
            return outcomes == null ? new Told(0, Errno.OK) : new Told(outcomes.data(row), outcomes.errno(row));
        }
    }

    private final ArrayDeque<Batch> batches = new ArrayDeque<>();
    private boolean keeps;

    /** From now on they are kept: the domain's shards may have another copy. */
    void keep() {
        keeps = true;
    }

    /** Whether what is told from now on is kept. */
    boolean keeps() {
        return keeps;
    }

    /** To be told; nobody changes the rows any more. */
    void completed(OutcomeRows rows) {
        if (keeps) {
            batches.add(new Batch(rows.keys(), rows));
        }
    }

    /** To be told; nobody changes the rows any more. */
    void postedDone(KeyRows rows) {
        if (keeps) {
            batches.add(new Batch(rows, null));
        }
    }

    /** Every copy has them. */
    void recorded(KeyRows rows) {
        Batch last = batches.peek();
        for (int i = 0; i < rows.size(); i++) {
            if (last == null || last.isOver() || !last.isNext(rows, i)) {
                last = whoseNext(rows, i);
            }
            if (last == null) {
                take(rows, i);
            } else {
                last.remove(last.next);
                if (last.isOver()) {
                    batches.remove(last);
                }
            }
        }
    }

    private @Nullable Batch whoseNext(KeyRows rows, int i) {
        for (Batch batch : batches) {
            if (batch.isNext(rows, i)) {
                return batch;
            }
        }
        return null;
    }

    /** What was told of that row, which is to be told again; null where nothing was, or it is recorded. */
    @Nullable
    Told take(KeyRows rows, int i) {
        for (Iterator<Batch> each = batches.iterator(); each.hasNext(); ) {
            Batch batch = each.next();
            int row = batch.find(rows, i);
            if (row >= 0) {
                batch.remove(row);
                if (batch.isOver()) {
                    each.remove();
                }
                return batch.told(row);
            }
        }
        return null;
    }

    /** Nobody asks here any more. */
    void forget() {
        batches.clear();
    }

    /** How many rows it keeps. */
    int size() {
        return batches.stream()
                .mapToInt(batch ->
                        batch.keys.size() - batch.next - (batch.early == null ? 0 : laterThan(batch.early, batch.next)))
                .sum();
    }

    private static int laterThan(BitSet early, int next) {
        return early.get(next, Math.max(next, early.length())).cardinality();
    }
}
