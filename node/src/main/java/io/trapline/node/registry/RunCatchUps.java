package io.trapline.node.registry;

import io.trapline.node.protocol.ShardPlace;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/**
 * Which shards of a run have a fresh copy that has all they have: the run counts as having two copies only when each of its shards does (D-24). The same of shards
 * that are frozen: the run is handed over when each is (D-27). Of a domain at one node, told by its shards' actors.
 */
public final class RunCatchUps {
    private record Run(int first, long epoch) {}

    private final Map<Integer, Run> runs = new HashMap<>();
    private final Map<Run, BitSet> caughtUp = new HashMap<>();

    /** The copy of that shard, which is placed so, has acknowledged its image: whether all those of its run have. */
    public synchronized boolean caughtUp(int shard, ShardPlace place) {
        Run run = new Run(place.run(), place.epoch());
        Run before = runs.put(place.run(), run);
        if (before != null && !before.equals(run)) {
            caughtUp.remove(before);
        }
        BitSet shards = caughtUp.computeIfAbsent(run, begun -> new BitSet());
        shards.set(shard);
        return shards.cardinality() == place.shards();
    }
}
