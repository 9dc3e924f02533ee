/** What every kind of simulated world has in common: it can be run from a seed, and known bugs can be planted in it. */
@NullMarked
package io.trapline.sim.run;

import org.jspecify.annotations.NullMarked;
