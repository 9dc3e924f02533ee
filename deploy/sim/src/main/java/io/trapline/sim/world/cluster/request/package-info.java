/** What is asked of the registry, as commands. */
@NullMarked
package io.trapline.sim.world.cluster.request;

import org.jspecify.annotations.NullMarked;
