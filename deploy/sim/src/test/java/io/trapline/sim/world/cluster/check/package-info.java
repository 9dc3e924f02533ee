/** Tests of the checks of a cluster. */
@NullMarked
package io.trapline.sim.world.cluster.check;

import org.jspecify.annotations.NullMarked;
