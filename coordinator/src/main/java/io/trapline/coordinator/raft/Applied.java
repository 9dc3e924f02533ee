package io.trapline.coordinator.raft;

import io.trapline.coordinator.registry.Result;
import java.util.List;

/**
 * One log entry that a replica has applied.
 *
 * @param index its place in the log
 * @param term the term of the leader that appended it
 * @param committer who wrote it
 * @param number which entry of that committer
 * @param results what came of its commands, in their order
 */
public record Applied(long index, long term, long committer, long number, List<Result> results) {
    public Applied {
        results = List.copyOf(results);
    }
}
