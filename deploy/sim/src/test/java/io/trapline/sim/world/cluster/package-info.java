/** Directed scenarios of the simulated cluster. */
@NullMarked
package io.trapline.sim.world.cluster;

import org.jspecify.annotations.NullMarked;
