package io.trapline.sim.world.cluster.check;

import io.trapline.internal.v1.NodeLife;

/** A coordinator as it truly is. */
public interface Leader {
    String name();

    /** The term that it leads in; 0 = it does not. */
    long leadsInTerm();

    /** Whether it takes the lease of that life for lapsed. */
    boolean takesForLapsed(NodeLife life);
}
