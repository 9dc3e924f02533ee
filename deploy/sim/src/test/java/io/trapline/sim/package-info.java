/** Tests by simulation. */
@NullMarked
package io.trapline.sim;

import org.jspecify.annotations.NullMarked;
