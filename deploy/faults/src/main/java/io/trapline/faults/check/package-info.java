/** Whether a history keeps the promises. Everything here follows from the history alone. */
@NullMarked
package io.trapline.faults.check;

import org.jspecify.annotations.NullMarked;
