/** Random and malformed requests to every call of every public service (section E). */
@NullMarked
package io.trapline.fuzz;

import org.jspecify.annotations.NullMarked;
