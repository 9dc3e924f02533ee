/** Tests of replication. */
@NullMarked
package io.trapline.node.replica;

import org.jspecify.annotations.NullMarked;
