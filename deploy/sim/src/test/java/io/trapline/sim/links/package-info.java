@NullMarked
package io.trapline.sim.links;

import org.jspecify.annotations.NullMarked;
