/** A model of Raft, as much of it as the registry's rules rely on: terms, votes, disks, elections, replication, commits, snapshots, crashes. */
@NullMarked
package io.trapline.sim.world.cluster.raft;

import org.jspecify.annotations.NullMarked;
