@NullMarked
package io.trapline.sim.check;

import org.jspecify.annotations.NullMarked;
