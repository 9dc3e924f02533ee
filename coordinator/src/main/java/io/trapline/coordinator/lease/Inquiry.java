package io.trapline.coordinator.lease;

import io.trapline.model.Pure;
import java.time.Duration;

/**
 * For how long a coordinator that has a command's answer, and leads no longer, asks the leader of now whether it is in force (D-4). It asks as long as a leader
 * works on the question, and a while beyond: an election, perhaps a second one. Not thread-safe.
 */
@Pure
public final class Inquiry {
    /** For how long no coordinator may have worked on it. */
    public static final Duration PATIENCE = Duration.ofSeconds(10);

    /** Before it is asked again. */
    public static final Duration PAUSE = Duration.ofMillis(50);

    /** Whoever passes a question on gives up before; what took longer was at a leader. */
    static final Duration WORKED_ON = Duration.ofSeconds(5);

    private long patientFromNanos;
    private long askedNanos;

    /** It begins, on a monotonic clock. */
    public Inquiry(long nowNanos) {
        patientFromNanos = nowNanos;
    }

    /** It is asked, perhaps not for the first time. */
    public void asked(long nowNanos) {
        askedNanos = nowNanos;
    }

    /** It was not answered. Returns whether it is asked again, after {@link #PAUSE}; else nobody knows. */
    public boolean failed(long nowNanos) {
        if (nowNanos - askedNanos >= WORKED_ON.toNanos()) {
            patientFromNanos = nowNanos;
        }
        return nowNanos + PAUSE.toNanos() - patientFromNanos < PATIENCE.toNanos();
    }
}
