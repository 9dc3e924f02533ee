package io.trapline.client;

import io.trapline.model.Limit;
import java.time.Duration;
import java.util.Objects;

/**
 * What happens to ioreqs in flight when a server is disabled or destroyed or a claim released (F5).
 *
 * @param time how long a delivered ioreq may still be answered, 0 … 60 s; then it is decided again
 * @param await whether the call returns when all of them are done; a handler of the same server must not wait
 */
public record Drain(Duration time, boolean await) {
    /** Five seconds, waited for. */
    public static final Drain DEFAULT = new Drain(Duration.ofSeconds(5), true);

    /**
     * Five seconds, not waited for: the end is seen in the watch. What was on its way to an emulator of the same connection meanwhile is
     * refused there (C4) and decided again when the time is over, so a shorter one may serve its guest better.
     */
    public static final Drain NO_WAIT = new Drain(Duration.ofSeconds(5), false);

    public Drain {
        Objects.requireNonNull(time, "time");
        if (time.isNegative() || time.toMillis() > Limit.MAX_DRAIN_MILLIS.value()) {
            throw new IllegalArgumentException("drain time = " + time + ": 0 … 60 s");
        }
    }

    /** So long, waited for. */
    public static Drain of(Duration time) {
        return new Drain(time, true);
    }

    int millis() {
        return Math.toIntExact(time.toMillis());
    }
}
