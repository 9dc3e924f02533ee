/** Tests of the checker: what is right is accepted, and what is wrong is named. */
@NullMarked
package io.trapline.faults.check;

import org.jspecify.annotations.NullMarked;
