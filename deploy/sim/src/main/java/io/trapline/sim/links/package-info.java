/** A small world of links alone: lives of nodes that send to each other, over connections that are cut, held up and refused. */
@NullMarked
package io.trapline.sim.links;

import org.jspecify.annotations.NullMarked;
