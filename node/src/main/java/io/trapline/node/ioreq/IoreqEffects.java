package io.trapline.node.ioreq;

import io.trapline.model.Pure;
import io.trapline.model.Refusal;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import io.trapline.node.rows.SettledRows;

/**
 * What {@link IoreqServerRules} wants done. The server's actor carries it out, and so does the simulation. Rows belong to whoever gets them.
 *
 * <p>Within one step shards are told first, then the emulator, then what a drain waits for.
 */
@Pure
public interface IoreqEffects {
    /** Outcomes: answers, or timeouts (F4). */
    void completed(int shard, OutcomeRows rows);

    /** Rows that go back (F5, C7). */
    void decideAgain(int shard, KeyRows rows);

    /** Posted rows have taken effect (F3). */
    void postedQueued(int shard, KeyRows rows);

    /** Posted rows are done with. */
    void postedDone(int shard, KeyRows rows);

    /** What a recall asked for, and was not delivered, has been sent back by {@link #decideAgain}. */
    void recalled(int shard, long recall);

    /**
     * The session has begun; told before anything else that goes to its emulator.
     *
     * @return whether the stream takes more at once
     */
    boolean attached(long sessionEpoch);

    /**
     * Rows for the emulator, at most 4,096, all decided under this revision by this shard under this epoch (C7).
     *
     * @return whether the stream takes more at once
     */
    boolean ioreqs(long decidedRevision, int shard, long shardEpoch, IoreqRows rows, SettledRows settled);

    /**
     * Settled marks that no ioreq carries (F6).
     *
     * @return whether the stream takes more at once
     */
    boolean settled(SettledRows marks);

    /** The bound stream serves no more (S5). */
    void fenced(long sessionEpoch, Refusal why);

    /** Nothing that this drain waited for is left here (F5). */
    void drained(long revision);
}
