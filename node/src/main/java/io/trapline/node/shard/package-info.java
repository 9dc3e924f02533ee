/** The P2M shard: what decides and orders the accesses of a run of frames, and the actor around it. */
@NullMarked
package io.trapline.node.shard;

import org.jspecify.annotations.NullMarked;
