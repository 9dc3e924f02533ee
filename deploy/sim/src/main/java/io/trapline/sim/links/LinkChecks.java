package io.trapline.sim.links;

import io.trapline.node.peer.TrafficClass;
import io.trapline.node.protocol.Life;
import io.trapline.sim.check.Violation;
import java.util.HashMap;
import java.util.Map;

/** What links promise, in other words than the rules have: D-18, V-15. */
final class LinkChecks {
    private record Pair(Life from, Life to, TrafficClass of) {}

    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final long UNDER_WAY_NANOS = 2_000 * NANOS_PER_MILLI;

    private final Map<Pair, Long> offered = new HashMap<>();
    private final Map<Pair, Long> arrived = new HashMap<>();
    private final Map<Pair, Long> held = new HashMap<>();
    private long taken;

    /** The number of the next thing that one life tells another. */
    long offer(Life from, Life to, TrafficClass of) {
        return offered.merge(new Pair(from, to, of), 1L, Long::sum);
    }

    /**
     * A life has taken what another told.
     *
     * @param receiver who has
     * @param knownLife the life of the sender's node that the receiver knows of
     * @param ageMillis how long it waited at its sender, as the receiver was told
     */
    void arrived(Life receiver, long knownLife, LinkItem item, long ageMillis, long nowNanos) {
        if (!item.to().equals(receiver) || item.from().incarnation() != knownLife) {
            throw new Violation("D-18, between two lives", "%s has taken %s", receiver, item);
        }
        Pair pair = new Pair(item.from(), item.to(), item.of());
        long last = arrived.getOrDefault(pair, 0L);
        if (item.index() != last + 1) {
            throw new Violation("D-18, once and in order", "%s was taken behind number %d", item, last);
        }
        arrived.put(pair, item.index());
        long bytes = held.merge(pair, (long) item.bytes(), Long::sum);
        if (bytes > item.of().initialCreditBytes()) {
            throw new Violation("V-15", "%d bytes of %s wait at %s", bytes, item.of(), receiver);
        }
        long olderNanos = nowNanos - item.offeredNanos() - ageMillis * NANOS_PER_MILLI;
        if (olderNanos > UNDER_WAY_NANOS + NANOS_PER_MILLI) {
            throw new Violation("D-18, age", "%s is %d ms older than it says", item, olderNanos / NANOS_PER_MILLI);
        }
        taken++;
    }

    /** A receiver refuses what no sender may send. */
    void refused(Life receiver, LinkItem item) {
        Pair pair = new Pair(item.from(), item.to(), item.of());
        long bytes = held.getOrDefault(pair, 0L) + item.bytes();
        if (bytes > item.of().initialCreditBytes()) {
            throw new Violation(
                    "V-15", "%s is sent %s, which are %d bytes with what waits there", receiver, item, bytes);
        }
        throw new Violation(
                "D-18, once and in order",
                "%s is sent %s behind number %d",
                receiver,
                item,
                arrived.getOrDefault(pair, 0L));
    }

    /** The actor has taken it. */
    void carriedOut(LinkItem item) {
        held.merge(new Pair(item.from(), item.to(), item.of()), (long) -item.bytes(), Long::sum);
    }

    /** The two lives live, nothing is under way, and everything has arrived. */
    void atRest(Life from, Life to) {
        for (TrafficClass of : TrafficClass.values()) {
            Pair pair = new Pair(from, to, of);
            long all = offered.getOrDefault(pair, 0L);
            long come = arrived.getOrDefault(pair, 0L);
            if (all != come) {
                throw new Violation(
                        "D-18, all of it", "%s told %s %d of %s, and %d have come", from, to, all, of, come);
            }
        }
    }

    long taken() {
        return taken;
    }
}
