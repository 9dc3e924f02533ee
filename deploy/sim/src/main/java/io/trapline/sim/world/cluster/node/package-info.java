/** The nodes of the simulated cluster: the real rules of leases and views, with a model of accesses that are under way. */
@NullMarked
package io.trapline.sim.world.cluster.node;

import org.jspecify.annotations.NullMarked;
