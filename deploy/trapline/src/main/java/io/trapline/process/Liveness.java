package io.trapline.process;

import io.trapline.model.Pure;
import java.time.Duration;

/**
 * Whether a process answers. One question at a time is put to what does its work; while one has waited for {@link #LONGEST} it counts as stuck,
 * until it answers after all. Times are of {@code System.nanoTime()}. Not thread-safe.
 */
@Pure
final class Liveness {
    /** No work of ours takes so long, however busy the machine is. */
    static final Duration LONGEST = Duration.ofSeconds(30);

    private boolean isAsked;
    private boolean isToBeAskedAgain;
    private long askedNanos;

    /** Whether a question is to be put now; it counts as put where it is. */
    boolean ask(long nowNanos) {
        if (isAsked && !isToBeAskedAgain) {
            return false;
        }
        if (!isAsked) {
            askedNanos = nowNanos;
        }
        isAsked = true;
        isToBeAskedAgain = false;
        return true;
    }

    /** The question could not be put: it is put again, and has waited since the first time. */
    void notAsked() {
        isToBeAskedAgain = true;
    }

    /** The question was answered. */
    void answered() {
        isAsked = false;
        isToBeAskedAgain = false;
    }

    boolean isAlive(long nowNanos) {
        return !isAsked || nowNanos - askedNanos < LONGEST.toNanos();
    }
}
