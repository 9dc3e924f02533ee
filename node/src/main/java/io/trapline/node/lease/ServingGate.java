package io.trapline.node.lease;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * Says to every actor of a node whether it may act now (D-11). Each asks at the head of a step, after it has taken its message, since the
 * process may have been stopped before. Opened by the link to the coordinators; closes by the clock. Any thread.
 */
public final class ServingGate {
    private static final long CLOSED = Long.MIN_VALUE;

    private final LongSupplier clock;
    /** What the moments are counted from, so that one number says both whether it is open and until when. */
    private final long originNanos;

    private final Set<Runnable> waiting = ConcurrentHashMap.newKeySet();
    private volatile long openUntil = CLOSED;

    /**
     * One that is closed.
     *
     * @param clock monotonic, in nanoseconds
     */
    public ServingGate(LongSupplier clock) {
        this.clock = clock;
        originNanos = clock.getAsLong();
    }

    /** Whether the node may act at this moment. */
    public boolean serves() {
        return serves(clock.getAsLong());
    }

    /** Whether the node may act at a moment that its clock has just said. */
    public boolean serves(long nowNanos) {
        return nowNanos - originNanos < openUntil;
    }

    /** For how long it may act yet, if nothing else happens, in nanoseconds; 0 = it may not. */
    public long leftNanos() {
        long until = openUntil;
        return until == CLOSED ? 0 : Math.max(0, until - (clock.getAsLong() - originNanos));
    }

    /**
     * To be run once when the gate is opened, perhaps at once. Whoever has put something aside asks so; the same one twice is one. Run on any thread; must
     * not block.
     */
    public void whenOpen(Runnable wake) {
        waiting.add(wake);
        // It may have been opened since its closedness was seen.
        if (serves() && waiting.remove(wake)) {
            wake.run();
        }
    }

    /** The lease lasts until then. */
    public void open(long untilNanos) {
        openUntil = untilNanos - originNanos;
        if (serves()) {
            for (Runnable wake : List.copyOf(waiting)) {
                if (waiting.remove(wake)) {
                    wake.run();
                }
            }
        }
    }

    /** There is no lease, or it must not be used any more. */
    public void close() {
        openUntil = CLOSED;
    }
}
