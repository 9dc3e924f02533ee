package io.trapline.sim.world.hosts;

import io.trapline.sim.world.part.Node;
import io.trapline.sim.world.part.Told;
import java.util.function.LongUnaryOperator;
import java.util.function.Supplier;

/**
 * What one node tells another.
 *
 * @param offeredNanos when, on the sender's clock
 */
record Parcel(Supplier<String> what, long offeredNanos, Told<Node> message) {
    private static final long NANOS_PER_MILLI = 1_000_000;

    /** What all of them take of a link's credit. */
    static final int BYTES = 256;

    /** Moments of the sender's clock on the receiver's: what is left of the time then is left of it now, but for the time in the sender's buffer. */
    static LongUnaryOperator times(long offeredNanos, long ageMillis, long nowNanos) {
        return moment -> moment - offeredNanos + nowNanos - ageMillis * NANOS_PER_MILLI;
    }
}
