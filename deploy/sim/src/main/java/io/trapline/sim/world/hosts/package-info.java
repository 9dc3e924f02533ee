/**
 * The world in which a guest's node, its domain's node and its servers' nodes are hosts of their own, with real leases, views and links between them
 * (docs/designs/0002-the-cluster.md, section 5).
 */
@NullMarked
package io.trapline.sim.world.hosts;

import org.jspecify.annotations.NullMarked;
