/** Guests: the streams of their vCPUs, the order and the window of each vCPU's accesses, and the delivery of outcomes. */
@NullMarked
package io.trapline.node.guest;

import org.jspecify.annotations.NullMarked;
