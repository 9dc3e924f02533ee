/** The simulation: the real rules under a simulated network and clock. */
@NullMarked
package io.trapline.sim;

import org.jspecify.annotations.NullMarked;
