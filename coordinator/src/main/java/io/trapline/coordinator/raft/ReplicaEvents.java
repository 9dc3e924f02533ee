package io.trapline.coordinator.raft;

import java.util.function.Consumer;

/**
 * What a replica tells, each from Raft's own threads, in order; nobody may block in there.
 *
 * @param applied an entry was applied; a replica that starts tells of those behind its snapshot again
 * @param leading true: this replica leads and everything that was committed before is applied; false: it leads no longer
 * @param failed the log can no longer be written, or an entry could not be applied: the process must end
 */
public record ReplicaEvents(Consumer<Applied> applied, Consumer<Boolean> leading, Consumer<Throwable> failed) {
    static final ReplicaEvents IGNORED = new ReplicaEvents(applied -> {}, leads -> {}, failure -> {});
}
