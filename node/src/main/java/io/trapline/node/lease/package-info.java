/** Whether this node serves: its lease, the coordinators that grant it, and the gate that its actors ask. */
@NullMarked
package io.trapline.node.lease;

import org.jspecify.annotations.NullMarked;
