package io.trapline.node.ioreq;

import io.trapline.model.Pure;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What one step has to tell the shards, collected so that each is told once (F1, F3, F5). */
@Pure
final class ShardReplies {
    private final IoreqTable table;
    private final IoreqEffects effects;
    private @Nullable OutcomeRows[] completed = new OutcomeRows[1];
    private @Nullable KeyRows[] again = new KeyRows[1];
    private @Nullable KeyRows[] queued = new KeyRows[1];
    private @Nullable KeyRows[] done = new KeyRows[1];
    private final ToldOutcomes told = new ToldOutcomes();
    private int expected = 16;
    private boolean some;

    ShardReplies(IoreqTable table, IoreqEffects effects) {
        this.table = table;
        this.effects = effects;
    }

    /** What shards have been told, and may ask again. */
    ToldOutcomes told() {
        return told;
    }

    /** A step of about so many rows begins. */
    void expect(int rows) {
        expected = rows;
    }

    void completed(int row, long value, byte errno) {
        int shard = table.shard[row];
        reserve(shard);
        completed(shard).add(table.vcpu[row], table.vcpuEpoch[row], table.sequence[row], table.part[row], value, errno);
    }

    /** The same for a row that was never taken. */
    void completed(int shard, KeyRows keys, int i, byte errno) {
        completed(shard, keys, i, 0, errno);
    }

    /** The same for one that is not here any more. */
    void completed(int shard, KeyRows keys, int i, long value, byte errno) {
        reserve(shard);
        completed(shard).add(keys.vcpu(i), keys.vcpuEpoch(i), keys.sequence(i), keys.part(i), value, errno);
    }

    private OutcomeRows completed(int shard) {
        OutcomeRows rows = completed[shard];
        if (rows == null) {
            rows = new OutcomeRows(expected);
            completed[shard] = rows;
        }
        return rows;
    }

    void decideAgain(int row) {
        reserve(table.shard[row]);
        add(again, row);
    }

    /** The same for rows that were never taken. */
    void decideAgain(int shard, KeyRows keys, int i) {
        reserve(shard);
        keys(again, shard).add(keys.vcpu(i), keys.vcpuEpoch(i), keys.sequence(i), keys.part(i));
    }

    void postedQueued(int row) {
        reserve(table.shard[row]);
        add(queued, row);
    }

    void postedDone(int row) {
        reserve(table.shard[row]);
        add(done, row);
    }

    /** Tells the shards. */
    void flush() {
        expected = 16;
        if (!some) {
            return;
        }
        some = false;
        for (int shard = 0; shard < completed.length; shard++) {
            OutcomeRows outcomes = completed[shard];
            if (outcomes != null) {
                completed[shard] = null;
                told.completed(outcomes);
                effects.completed(shard, outcomes);
            }
            KeyRows rows = take(done, shard);
            if (rows != null) {
                told.postedDone(rows);
                effects.postedDone(shard, rows);
            }
            rows = take(queued, shard);
            if (rows != null) {
                effects.postedQueued(shard, rows);
            }
            rows = take(again, shard);
            if (rows != null) {
                effects.decideAgain(shard, rows);
            }
        }
    }

    private static @Nullable KeyRows take(@Nullable KeyRows[] byShard, int shard) {
        KeyRows rows = byShard[shard];
        byShard[shard] = null;
        return rows;
    }

    private void add(@Nullable KeyRows[] byShard, int row) {
        keys(byShard, table.shard[row])
                .add(table.vcpu[row], table.vcpuEpoch[row], table.sequence[row], table.part[row]);
    }

    private KeyRows keys(@Nullable KeyRows[] byShard, int shard) {
        KeyRows rows = byShard[shard];
        if (rows == null) {
            rows = new KeyRows(expected);
            byShard[shard] = rows;
        }
        return rows;
    }

    /** Comes before an array is named: it may replace all of them. */
    private void reserve(int shard) {
        some = true;
        if (shard >= completed.length) {
            int length = Math.max(shard + 1, 2 * completed.length);
            completed = Arrays.copyOf(completed, length);
            again = Arrays.copyOf(again, length);
            queued = Arrays.copyOf(queued, length);
            done = Arrays.copyOf(done, length);
        }
    }
}
