package io.trapline.node.registry;

import io.trapline.model.Pure;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ShardPlace;
import java.time.Duration;
import java.util.Collections;

/**
 * How long a node's life that is about to end stays (D-27): until the registry has heard so and nothing is left of it that others could have, for a while at most,
 * and not without a lease.
 */
@Pure
public final class Departure {
    /** How often it looks at what is left. */
    public static final Duration LOOK_EVERY = Duration.ofMillis(50);

    /** How long it waits for an answer when it says that it is about to end, and says it again. */
    public static final Duration HEARD_WITHIN = Duration.ofSeconds(3);

    /** A node that is not heard of has nothing that anybody could take over. */
    private static final Duration WITHOUT_LEASE = Duration.ofSeconds(3);

    private final long endNanos;
    private long servedNanos;
    private boolean isHeard;

    /** One that begins now, and lasts so long at most. */
    public Departure(long nowNanos, Duration atMost) {
        endNanos = nowNanos + atMost.toNanos();
        servedNanos = nowNanos;
    }

    /** How many parts of a domain that goes on would be missed at that life: shards that it decides, and servers that are at home there. */
    public static int parts(DomainView domain, Life life) {
        long decided = domain.places().stream()
                .filter(place -> place.primary().equals(life) && place.state() != ShardPlace.State.LOST)
                .count();
        return (int) decided + Collections.frequency(domain.homes().values(), life);
    }

    /** The registry knows that this life is about to end. */
    public void heard() {
        isHeard = true;
    }

    /** Whether it need not be said again: while coordinators elect a leader nobody hears it, which is no reason to lose anything. */
    public boolean isHeard() {
        return isHeard;
    }

    /**
     * Whether there is anything to wait for.
     *
     * @param isOtherOpen whether another node is there that is not drained; where none is, nobody could have anything
     * @param left how many shards this node decides, and servers it is the home of
     */
    public boolean mayGain(boolean isOtherOpen, int left) {
        return isOtherOpen && (!isHeard || left > 0);
    }

    /** Whether it waits no longer, whatever is left. */
    public boolean isOver(long nowNanos, boolean serves) {
        servedNanos = serves ? nowNanos : servedNanos;
        return isLate(nowNanos) || nowNanos - servedNanos >= WITHOUT_LEASE.toNanos();
    }

    /** Whether its time is over. */
    public boolean isLate(long nowNanos) {
        return nowNanos - endNanos >= 0;
    }
}
