package io.trapline.node.registry;

import io.trapline.node.protocol.ShardPlace;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says in the log which copies their primaries at this node hear nothing of, and so propose to go on without (D4): once of a run and an epoch, whichever of its shards
 * is the first and however often that proposes it. Of a domain, told by its shards' actors.
 */
public final class SilentCopies {
    private static final Logger LOG = LoggerFactory.getLogger(SilentCopies.class);

    private final int domid;
    private final long generation;
    private final Map<Integer, Long> epochs = new HashMap<>();

    SilentCopies(int domid, long generation) {
        this.domid = domid;
        this.generation = generation;
    }

    /** The other copy of that shard, which is placed so, has acknowledged nothing for so long. */
    public synchronized void silent(int shard, ShardPlace place, long silentNanos) {
        Long before = epochs.put(place.run(), place.epoch());
        if (before == null || before != place.epoch()) {
            LOG.warn(
                    "domain {} of generation {}, shard {} of those from {} on, epoch {}: {} has acknowledged nothing for {} ms, and {} proposes {}",
                    domid,
                    generation,
                    shard,
                    place.run(),
                    place.epoch(),
                    place.copy().map(life -> life.node()).orElse("nobody"),
                    TimeUnit.NANOSECONDS.toMillis(silentNanos),
                    place.primary().node(),
                    place.state() == ShardPlace.State.SYNCING ? "to give that copy up" : "to go on alone");
        }
    }
}
