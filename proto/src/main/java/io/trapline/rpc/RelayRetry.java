package io.trapline.rpc;

import io.trapline.model.Pure;
import java.time.Duration;

/**
 * Whether a control call that one coordinator did not answer is tried at another (D-6). What may have been carried out is tried again
 * only where that carries it out once, and its outcome is never reported as a refusal. Not thread-safe.
 */
@Pure
final class RelayRetry {
    /** How long after the first failure a call is tried; a call that was worked on for so long before has it again. */
    static final Duration WINDOW = Duration.ofSeconds(2);

    private static final long FIRST_NANOS = Duration.ofMillis(25).toNanos();
    private static final long LONGEST_NANOS = Duration.ofMillis(200).toNanos();

    /** A caller is told what is known so long before its deadline: behind that it would only know that nobody has answered. */
    static final Duration BEFORE_DEADLINE = Duration.ofMillis(250);

    /** {@link #failed}: the caller waits for as long as it takes. */
    static final long NO_DEADLINE = Long.MAX_VALUE;

    /** How an attempt failed. */
    enum Failure {
        /** No coordinator has heard of the call. */
        NOT_REACHED,
        /** A coordinator refused it and says that it changed nothing. */
        NOT_CARRIED_OUT,
        /** A coordinator may have carried it out. */
        BROKEN
    }

    /** What to do. */
    enum Next {
        /** Another attempt, after {@link RelayRetry#delayNanos}. */
        AGAIN,
        /** None: nothing was carried out. */
        GIVE_UP,
        /** None: nobody knows whether it was carried out. */
        GIVE_UP_UNKNOWN
    }

    private final boolean isRepeatable;
    private boolean isAmbiguous;
    private boolean isTroubled;
    private long begunNanos;
    private long troubledNanos;
    private long delayNanos = FIRST_NANOS;

    /** {@code isRepeatable}: carrying the call out again changes nothing. */
    RelayRetry(boolean isRepeatable) {
        this.isRepeatable = isRepeatable;
    }

    /** An attempt begins. */
    void begun(long nowNanos) {
        begunNanos = nowNanos;
    }

    /**
     * The attempt has failed.
     *
     * @param leftNanos how long the caller waits yet, or {@link #NO_DEADLINE}
     */
    Next failed(long nowNanos, Failure failure, long leftNanos) {
        isAmbiguous |= failure == Failure.BROKEN;
        if (isAmbiguous && !isRepeatable) {
            return Next.GIVE_UP_UNKNOWN;
        }
        if (!isTroubled || nowNanos - begunNanos >= WINDOW.toNanos()) {
            isTroubled = true;
            troubledNanos = nowNanos;
            delayNanos = FIRST_NANOS;
        } else {
            delayNanos = Math.min(LONGEST_NANOS, delayNanos * 2);
        }
        boolean isInTime = leftNanos - BEFORE_DEADLINE.toNanos() > delayNanos;
        if (isInTime && nowNanos + delayNanos - troubledNanos < WINDOW.toNanos()) {
            return Next.AGAIN;
        }
        return isAmbiguous ? Next.GIVE_UP_UNKNOWN : Next.GIVE_UP;
    }

    /** How long to wait before the next attempt. */
    long delayNanos() {
        return delayNanos;
    }
}
