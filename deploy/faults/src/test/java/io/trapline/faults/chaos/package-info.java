/** Tests of the package of the same name. */
@NullMarked
package io.trapline.faults.chaos;

import org.jspecify.annotations.NullMarked;
