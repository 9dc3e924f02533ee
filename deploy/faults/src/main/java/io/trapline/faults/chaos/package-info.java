/** Breaks a cluster on purpose while a workload is at it, and says what came of it. */
@NullMarked
package io.trapline.faults.chaos;

import org.jspecify.annotations.NullMarked;
