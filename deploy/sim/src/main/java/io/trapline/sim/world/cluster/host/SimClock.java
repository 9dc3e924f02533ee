package io.trapline.sim.world.cluster.host;

import java.util.function.LongSupplier;

/** The monotonic clock of one host: from anywhere on, at a rate of its own. What it says is never compared with another host's. */
public final class SimClock implements LongSupplier {
    /** The least rate that leases allow for (D-9). */
    public static final double SLOWEST = 0.96;

    /** The greatest. */
    public static final double FASTEST = 1.04;

    private static final long FURTHEST_START = 1_000_000_000_000_000L;

    private final Agenda agenda;
    private final double rate;
    private final long startNanos;
    private long stoodStillNanos;
    private long stoppedAt = -1;

    SimClock(Agenda agenda) {
        this.agenda = agenda;
        rate = switch (agenda.upTo(3)) {
            case 0 -> SLOWEST;
            case 1 -> FASTEST;
            default -> SLOWEST + agenda.fraction() * (FASTEST - SLOWEST);
        };
        startNanos = agenda.between(-FURTHEST_START, FURTHEST_START);
    }

    @Override
    public long getAsLong() {
        long elapsed = (stoppedAt < 0 ? agenda.now() : stoppedAt) - stoodStillNanos;
        return startNanos + (long) (elapsed * rate);
    }

    /** How much true time passes while this clock goes on by so much. */
    long trueNanos(long clockNanos) {
        return (long) Math.ceil(clockNanos / rate);
    }

    /** It stands still: nothing that leases allow for. */
    void stop() {
        stoppedAt = agenda.now();
    }

    /** It goes on. */
    void go() {
        if (stoppedAt >= 0) {
            stoodStillNanos += agenda.now() - stoppedAt;
            stoppedAt = -1;
        }
    }
}
