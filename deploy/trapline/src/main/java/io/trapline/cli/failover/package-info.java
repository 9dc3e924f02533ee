/** How long a cluster of separate processes stands still when its leader is killed, and what its guests see of that. */
@NullMarked
package io.trapline.cli.failover;

import org.jspecify.annotations.NullMarked;
