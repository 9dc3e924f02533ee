/**
 * What takes part in every world with guests: the actors of a node, clients and who changes things, around the real rules. A world says where they are, how
 * what they tell each other gets there, and how time goes by.
 */
@NullMarked
package io.trapline.sim.world.part;

import org.jspecify.annotations.NullMarked;
