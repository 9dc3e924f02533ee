package io.trapline.node.replica;

import io.trapline.model.Pure;

/**
 * The primary's side of one shard's replication (D-23): numbers its steps, and says what of them may be let out. While another life has a copy, nothing that a
 * step brought about leaves before that life has the step; when the registry says that there is none any more, all of it may. Times are nanoseconds of one
 * monotonic clock.
 *
 * <pre>
 *   SOLO ──copied()──▶ DUAL ──silence──▶ DROPPING ──alone()──▶ SOLO       DROPPING ──acknowledged()──▶ DUAL
 * </pre>
 */
@Pure
public final class ShardReplica {
    /** How long the other copy may leave steps unacknowledged, in nanoseconds. */
    public static final long SILENCE_NANOS = 600_000_000L;

    /** How long until what was proposed is proposed again, in nanoseconds: the registry says when it has happened. */
    public static final long PROPOSE_EVERY_NANOS = 250_000_000L;

    /** The states of a primary. */
    public enum State {
        SOLO,
        DUAL,
        DROPPING
    }

    /** What it wants done. */
    public interface Effects {
        /** Everything up to that step may leave. */
        void release(long through);

        /** Propose that the registry takes the other copy out. */
        void proposeDrop();
    }

    private final Effects effects;
    private State state = State.SOLO;
    private long base;
    private long last;
    private long acknowledged;
    private long waitingSince;
    private long proposedAt;

    /** One that has no other copy. */
    public ShardReplica(Effects effects) {
        this.effects = effects;
    }

    public State state() {
        return state;
    }

    /** Whether steps are to be told to another copy, and what they bring about is to be kept. */
    public boolean isCopied() {
        return state != State.SOLO;
    }

    /** Since which epoch the other copy is told of steps. */
    public long base() {
        return base;
    }

    /** Whether anything waits for the other copy. */
    public boolean isWaiting() {
        return last > acknowledged;
    }

    /** The number of the last step; 0 = none since the other copy began. */
    public long last() {
        return last;
    }

    /** The number of a step that is done now. */
    public long step(long nowNanos) {
        if (last == acknowledged) {
            waitingSince = nowNanos;
        }
        return ++last;
    }

    /** From the next step on another life has a copy, which begins with what is known by now. */
    public void copied(long sinceEpoch) {
        release();
        state = State.DUAL;
        base = sinceEpoch;
        last = 0;
        acknowledged = 0;
    }

    /** The registry: there is no other copy. */
    public void alone() {
        release();
        state = State.SOLO;
    }

    private void release() {
        if (last > acknowledged) {
            acknowledged = last;
            effects.release(last);
        }
    }

    /** The other copy that began with {@code ofBase} has every step up to {@code through}. */
    public void acknowledged(long ofBase, long through, long nowNanos) {
        if (state == State.SOLO || ofBase != base || through <= acknowledged || through > last) {
            return;
        }
        acknowledged = through;
        waitingSince = nowNanos;
        if (state == State.DROPPING && acknowledged == last) {
            state = State.DUAL;
        }
        effects.release(through);
    }

    /** The primary did not look for so long, in nanoseconds: acknowledgements may be there. */
    public void stalled(long nanos) {
        waitingSince += nanos;
        proposedAt += nanos;
    }

    /** Time has passed. */
    public void tick(long nowNanos) {
        if (state == State.DUAL && isWaiting() && nowNanos - waitingSince >= SILENCE_NANOS) {
            state = State.DROPPING;
            propose(nowNanos);
        } else if (state == State.DROPPING && nowNanos - proposedAt >= PROPOSE_EVERY_NANOS) {
            propose(nowNanos);
        }
    }

    private void propose(long nowNanos) {
        proposedAt = nowNanos;
        effects.proposeDrop();
    }
}
