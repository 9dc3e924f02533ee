/** What nodes on several hosts have of a domain's memory: the real copies of shards, the real type calls, and who watches them (D-23, D-24, D-26). */
@NullMarked
package io.trapline.sim.world.copies;

import org.jspecify.annotations.NullMarked;
