package io.trapline.node.protocol;

import io.trapline.model.Pure;
import java.util.List;

/**
 * Which streams of emulators a server has: the one that serves it, and those that stand by (S5).
 *
 * @param active names the stream of the active session; 0 = none, or it has no name
 * @param waiting the others, in the order in which they take over
 */
@Pure
public record EmulatorLine(long active, List<Waiting> waiting) {
    /** Nobody. */
    public static final EmulatorLine NONE = new EmulatorLine(0, List.of());

    /**
     * One that stands by.
     *
     * @param stream names it
     * @param run its emulator's
     */
    public record Waiting(long stream, long run) {}

    public EmulatorLine {
        waiting = List.copyOf(waiting);
    }

    /** Whether that stream stands by. */
    public boolean hasWaiting(long stream) {
        return waiting.stream().anyMatch(each -> each.stream() == stream);
    }

    /** Whether another stream of the run stands by. */
    public boolean hasRun(long run) {
        return waiting.stream().anyMatch(each -> each.run() == run);
    }
}
