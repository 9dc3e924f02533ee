/**
 * What must hold whatever happens, one class a rule or two. They know what guests asked, what the rules did and what the registry has promised; nothing
 * of how the simulated world moves.
 */
@NullMarked
package io.trapline.sim.check;

import org.jspecify.annotations.NullMarked;
