/**
 * The simulated world: the real rules of nodes, clients and the registry, and in place of actors, streams and clocks one schedule that delivers what they say
 * to each other in any order that could happen.
 */
@NullMarked
package io.trapline.sim.world;

import org.jspecify.annotations.NullMarked;
