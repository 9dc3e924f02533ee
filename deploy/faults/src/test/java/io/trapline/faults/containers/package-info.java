/** The fault-injection suite: the workload and the checker of {@code chaos} at the image in containers, on a network of their own. */
@NullMarked
package io.trapline.faults.containers;

import org.jspecify.annotations.NullMarked;
