/** What must hold in a cluster, in true time and over all of its logs: the invariants V-1 … and the goals G-1 … of docs/designs/0002-the-cluster.md. */
@NullMarked
package io.trapline.sim.world.cluster.check;

import org.jspecify.annotations.NullMarked;
