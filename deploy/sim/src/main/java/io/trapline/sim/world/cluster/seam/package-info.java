/** What passes between the rules of a cluster, as it passes, and what is put in its place to show that the checks notice. */
@NullMarked
package io.trapline.sim.world.cluster.seam;

import org.jspecify.annotations.NullMarked;
