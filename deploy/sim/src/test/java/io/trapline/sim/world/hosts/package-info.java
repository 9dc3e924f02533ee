/** Directed runs of the world of hosts. */
@NullMarked
package io.trapline.sim.world.hosts;

import org.jspecify.annotations.NullMarked;
