package io.trapline.node.replica;

import io.trapline.model.Pure;

/**
 * The primary's side of one shard's replication (D-23): numbers its steps, and says what of them may be let out. While another life has a copy, nothing that a
 * step brought about leaves before that life has the step; when the registry says that there is none any more, all of it may. Where changes are to wait for a second
 * copy ({@code on_degraded = WAIT}, D4), nothing leaves but while the registry counts two. Times are nanoseconds of one monotonic clock.
 *
 * <pre>
 *   SOLO ──copied()──▶ DUAL ──silence──▶ DROPPING ──alone()──▶ SOLO       DROPPING ──acknowledged()──▶ DUAL
 *   SOLO ──syncing()──▶ SYNCING ──aligned()──▶ ALIGNED ──added()──▶ DUAL      SYNCING, ALIGNED ──alone()──▶ SOLO
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
        /** Another life is given a copy, and the primary goes on alone. */
        SYNCING,
        /** That copy was given everything, does each step from now on, and is not a backup before the registry says so. */
        ALIGNED,
        DUAL,
        DROPPING
    }

    /** What it wants done. */
    public interface Effects {
        /** Everything up to that step may leave. */
        void release(long through);

        /**
         * Propose that the registry takes the other copy out.
         *
         * @param silentNanos how long it has acknowledged nothing of what waits for it
         */
        void proposeDrop(long silentNanos);

        /** Propose that the registry takes the copy that has caught up for a backup. */
        void proposeAdd();

        /**
         * Propose that the registry gives up the copy that is being made.
         *
         * @param silentNanos as above
         */
        void proposeAbandon(long silentNanos);
    }

    /** The number of what is kept until another copy is whole. */
    public static final long UNTIL_WHOLE = Long.MAX_VALUE;

    private final Effects effects;
    private final boolean waits;
    private State state = State.SOLO;
    private long base;
    private long last;
    private long acknowledged;
    private long waitingSince;
    private long proposedAt;
    /** ALIGNED: the number by which the other copy has everything. */
    private long whole;
    /** SYNCING, ALIGNED: the other copy is silent. */
    private boolean abandons;
    /** SYNCING: the copy is given what there is more slowly than that changes. */
    private boolean isSlowed;

    /**
     * One that has no other copy.
     *
     * @param waits whether changes wait while there are not two copies (D4)
     */
    public ShardReplica(Effects effects, boolean waits) {
        this.effects = effects;
        this.waits = waits;
    }

    public State state() {
        return state;
    }

    /** Whether steps are to be told to another copy, and what they bring about is to be kept. */
    public boolean isCopied() {
        return state != State.SOLO && state != State.SYNCING;
    }

    /** Whether what steps bring about is kept although no other copy does them: as {@link #UNTIL_WHOLE}. */
    public boolean keeps() {
        return !isCopied() && (waits || isSlowed);
    }

    /** What is kept when there is no other copy any more: as which number. */
    public long keptAlone() {
        return waits ? UNTIL_WHOLE : 0;
    }

    /** Whether another life is being given a copy. */
    public boolean isSyncing() {
        return state == State.SYNCING || state == State.ALIGNED;
    }

    /** How many chunks, while SYNCING, or steps are not acknowledged. */
    public long underWay() {
        return last - acknowledged;
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
        isSlowed = false;
    }

    /** From now on another life is given a copy: {@link #step} numbers what it is given. */
    public void syncing(long sinceEpoch) {
        copied(sinceEpoch);
        state = State.SYNCING;
        abandons = false;
    }

    /** The copy that is being given to another life would not come to an end: what changes it is not acknowledged before that is whole. */
    public void slow() {
        isSlowed = true;
    }

    /** What was given last makes the other copy whole; from the next step on it does each of them. */
    public void aligned() {
        state = State.ALIGNED;
        whole = last;
        if (!abandons) {
            proposedAt = Long.MIN_VALUE;
        }
    }

    /** The registry: the copy is a backup's. */
    public void added() {
        if (state == State.SYNCING || state == State.SOLO) {
            throw new IllegalStateException("a backup that was not proposed, in " + state);
        }
        if (state == State.ALIGNED) {
            state = State.DUAL;
            if (waits) {
                effects.release(acknowledged);
            }
        }
    }

    /** The registry: there is no other copy. */
    public void alone() {
        release();
        state = State.SOLO;
        isSlowed = false;
    }

    private void release() {
        if (last > acknowledged) {
            acknowledged = last;
            if (!waits) {
                effects.release(last);
            }
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
        if (!waits || !isSyncing()) {
            effects.release(through);
        }
        if (isWhole() && proposedAt == Long.MIN_VALUE) {
            proposedAt = nowNanos;
            effects.proposeAdd();
        }
    }

    private boolean isWhole() {
        return state == State.ALIGNED && acknowledged >= whole && !abandons;
    }

    /** The primary did not look for so long, in nanoseconds: acknowledgements may be there. */
    public void stalled(long nanos) {
        waitingSince += nanos;
        if (proposedAt != Long.MIN_VALUE) {
            proposedAt += nanos;
        }
    }

    /** Time has passed. */
    public void tick(long nowNanos) {
        if (isSyncing()) {
            tickSyncing(nowNanos);
        } else if (state == State.DUAL && isWaiting() && nowNanos - waitingSince >= SILENCE_NANOS) {
            state = State.DROPPING;
            propose(nowNanos);
        } else if (state == State.DROPPING && nowNanos - proposedAt >= PROPOSE_EVERY_NANOS) {
            propose(nowNanos);
        }
    }

    private void tickSyncing(long nowNanos) {
        boolean isSilent = isWaiting() && nowNanos - waitingSince >= SILENCE_NANOS;
        if (isSilent && !abandons) {
            abandons = true;
            proposedAt = nowNanos;
            effects.proposeAbandon(nowNanos - waitingSince);
        } else if (proposedAt != Long.MIN_VALUE && nowNanos - proposedAt >= PROPOSE_EVERY_NANOS) {
            if (abandons) {
                proposedAt = nowNanos;
                effects.proposeAbandon(nowNanos - waitingSince);
            } else if (isWhole()) {
                proposedAt = nowNanos;
                effects.proposeAdd();
            }
        }
    }

    private void propose(long nowNanos) {
        proposedAt = nowNanos;
        effects.proposeDrop(nowNanos - waitingSince);
    }
}
