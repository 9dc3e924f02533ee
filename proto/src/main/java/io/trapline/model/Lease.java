package io.trapline.model;

import java.time.Duration;

/**
 * The times of leases, which nodes and coordinators must agree on: a node serves until {@link #LASTS} after it sent the last
 * renewal that was granted, by its own clock, and the leader takes the lease for lapsed {@link #LASTS} and {@link #MARGIN} after it
 * received that renewal, by its own. No clock is compared with another's; their rates may differ by 4 % each way. Source: D-9.
 */
public final class Lease {
    /** How long a node may serve without being granted more (L). */
    public static final Duration LASTS = Duration.ofMillis(1_200);

    /** How often a node asks for more (R): five chances a lease. */
    public static final Duration RENEW_EVERY = Duration.ofMillis(200);

    /** How much longer the leader waits, since clocks differ in rate (M): rates within M / (2 L + M) = 4 % of each other. */
    public static final Duration MARGIN = Duration.ofMillis(100);

    /** A node that asked and was granted nothing for so long looks for another leader. */
    public static final Duration GRANT_SILENCE = Duration.ofMillis(450);

    /** A node whose lease lapsed so long ago is taken for dead, and what only it had is lost (D4). */
    public static final Duration NODE_DEAD_AFTER = Duration.ofSeconds(60);

    private Lease() {}
}
