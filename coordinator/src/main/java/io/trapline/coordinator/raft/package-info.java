/** The registry, replicated: an Apache Ratis state machine around it, its log and snapshots on disk, and the data directory. */
@NullMarked
package io.trapline.coordinator.raft;

import org.jspecify.annotations.NullMarked;
