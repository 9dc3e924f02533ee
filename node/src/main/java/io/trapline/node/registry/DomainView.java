package io.trapline.node.registry;

import io.trapline.model.Pure;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.protocol.ShardPlace;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A domain at one revision, as its actors must know it.
 *
 * @param domid 1 … 32751
 * @param generation the revision at which it was created
 * @param nrPages pages 0 … nrPages-1 were RAM_RW at the start
 * @param nrVcpus vCPUs 0 … nrVcpus-1
 * @param defaultTimeoutMillis the timeout of an access that names none (A1)
 * @param waitsForCopy whether its changes wait while it has only one ({@code on_degraded}, D4)
 * @param state whether its accesses take effect (D1, D4)
 * @param places by shard where it is
 * @param homes by server the life of a node that has its ioreqs
 * @param firstGfns where its shards begin, ascending
 * @param servers by ascending id, those being destroyed included
 * @param table what decides an access
 */
@Pure
public record DomainView(
        int domid,
        long generation,
        long nrPages,
        int nrVcpus,
        long defaultTimeoutMillis,
        boolean waitsForCopy,
        DecisionTable.State state,
        List<ShardPlace> places,
        Map<Integer, Life> homes,
        long[] firstGfns,
        List<ServerView> servers,
        DecisionTable table) {
    public DomainView {
        places = List.copyOf(places);
    }

    /** By shard the life of a node that decides its accesses. */
    public List<Life> primaries() {
        return places.stream().map(ShardPlace::primary).toList();
    }

    /** The lives that decide shards, each with the last revision at which the placement of one of them began. */
    public Map<Life, Long> lastEpochs() {
        return lastEpochs(Long.MAX_VALUE);
    }

    /** The same of what began by that revision. */
    Map<Life, Long> lastEpochs(long revision) {
        return places.stream()
                .filter(place -> place.epoch() <= revision)
                .collect(Collectors.toUnmodifiableMap(ShardPlace::primary, ShardPlace::epoch, Math::max));
    }

    /** By shard the revision at which its placement began. */
    public long[] shardEpochs() {
        return places.stream().mapToLong(ShardPlace::epoch).toArray();
    }

    /** Whether its accesses are held back (D1). */
    public boolean paused() {
        return state == DecisionTable.State.PAUSED;
    }

    /** Whether it has actors: it is neither crashed nor on its way out. */
    public boolean alive() {
        return state == DecisionTable.State.RUNNING || paused();
    }
}
