/** Operators of the simulated cluster: they claim, release, create and destroy through any coordinator, and ask again when an answer was lost. */
@NullMarked
package io.trapline.sim.world.cluster.operator;

import org.jspecify.annotations.NullMarked;
