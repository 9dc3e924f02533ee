package io.trapline.sim.world.cluster.raft;

import io.trapline.internal.v1.LogEntry;

/**
 * What stands at one place of a log. Two of them are the same entry only if they are the same object.
 *
 * @param term in which it was appended
 * @param command the registry's; without commands and committer: a leader's own, with which it begins
 * @param appendedNanos true time at which a leader appended it
 */
record Entry(long term, LogEntry command, long appendedNanos) {
    /** Whether it is nothing to the registry. */
    boolean isRafts() {
        return command.getCommitter() == 0;
    }
}
