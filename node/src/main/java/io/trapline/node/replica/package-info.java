/** Replication of a shard: what a primary may let out, and which of its steps a backup does. */
@NullMarked
package io.trapline.node.replica;

import org.jspecify.annotations.NullMarked;
