package io.trapline.node.protocol;

import io.trapline.model.Pure;
import java.util.Optional;

/**
 * Where a shard is (D-14).
 *
 * @param run the first shard of those that are placed together
 * @param shards how many those are
 * @param state how many copies there are
 * @param primary who decides its accesses
 * @param copy DUAL: who has the second copy; SYNCING: who is being given one; else empty
 * @param epoch the revision of the last change of any of that
 * @param handsOver whether the primary is to freeze, and to propose that the other copy decides (D-27)
 */
@Pure
public record ShardPlace(
        int run, int shards, State state, Life primary, Optional<Life> copy, long epoch, boolean handsOver) {
    /** Whose primary goes on. */
    public ShardPlace(int run, int shards, State state, Life primary, Optional<Life> copy, long epoch) {
        this(run, shards, state, primary, copy, epoch, false);
    }

    /** Of a run of one. */
    public ShardPlace(int run, State state, Life primary, Optional<Life> copy, long epoch) {
        this(run, 1, state, primary, copy, epoch);
    }

    /** How many copies. */
    public enum State {
        SOLO,
        SYNCING,
        DUAL,
        LOST
    }

    /** One copy. */
    public static ShardPlace solo(Life primary, long epoch) {
        return new ShardPlace(0, State.SOLO, primary, Optional.empty(), epoch);
    }

    /** The same, whose primary is to hand over. */
    public ShardPlace handingOver() {
        return new ShardPlace(run, shards, state, primary, copy, epoch, true);
    }

    /** Whether that life has, or is being given, the second copy. */
    public boolean isCopy(Life life) {
        return copy.isPresent() && copy.get().equals(life);
    }
}
