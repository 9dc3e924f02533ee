/**
 * The simulated cluster: coordinators and nodes on hosts of their own, with the real rules of the registry, of commits and of leases, and operators who call
 * them, under a network, clocks and processes that fail.
 */
@NullMarked
package io.trapline.sim.world.cluster;

import org.jspecify.annotations.NullMarked;
