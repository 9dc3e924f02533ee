package io.trapline.coordinator.registry;

import io.trapline.internal.v1.PlacedDomain;
import io.trapline.internal.v1.ShardRun;
import io.trapline.model.Gfn;
import io.trapline.model.Limit;
import io.trapline.model.Pure;
import io.trapline.v1.DomainShard;
import java.util.ArrayList;
import java.util.List;

/**
 * How a domain's P2M is cut into shards: 2^18 pages each (1 GiB), larger powers of two where that would make more than
 * {@link Limit#MAX_SHARDS_PER_DOMAIN}. The last one also covers the holes above the domain's pages (T1).
 */
@Pure
public final class ShardPlan {
    static final long PAGE_BYTES = 1L << Gfn.PAGE_SHIFT;

    private static final long SMALLEST = 1L << 18;
    private static final long LAST_GFN = (1L << 40) - 1;

    private ShardPlan() {}

    /** Pages of a shard, for a domain of that many. */
    static long shardPages(long nrPages) {
        long pages = SMALLEST;
        while (count(nrPages, pages) > Limit.MAX_SHARDS_PER_DOMAIN.value()) {
            pages <<= 1;
        }
        return pages;
    }

    /** How many shards a domain has. */
    static int count(PlacedDomain placed) {
        return (int) count(placed.getDomain().getNrPages(), placed.getShardPages());
    }

    /** How many of the domain's pages are in a run of its shards. */
    static long pages(PlacedDomain placed, ShardRun run) {
        long first = run.getFirstShard() * placed.getShardPages();
        long behind = (run.getFirstShard() + (long) run.getCount()) * placed.getShardPages();
        return Math.min(behind, placed.getDomain().getNrPages()) - first;
    }

    /** How much memory the run takes at a node once the guest has touched all of it. */
    public static long bytes(PlacedDomain placed, ShardRun run) {
        return pages(placed, run) * PAGE_BYTES;
    }

    /** As clients see them, by ascending first_gfn. */
    static List<DomainShard> shards(PlacedDomain placed) {
        int count = count(placed);
        List<DomainShard> shards = new ArrayList<>(count);
        for (ShardRun run : placed.getRunsList()) {
            for (int i = 0; i < run.getCount(); i++) {
                long first = (run.getFirstShard() + (long) i) * placed.getShardPages();
                boolean isLast = run.getFirstShard() + i == count - 1;
                shards.add(DomainShard.newBuilder()
                        .setFirstGfn(first)
                        .setLastGfn(isLast ? LAST_GFN : first + placed.getShardPages() - 1)
                        .setPrimary(run.getPrimary().getNode())
                        .setBackup(run.getBackup().getNode())
                        .setEpoch(run.getEpoch())
                        .setState(run.getState())
                        .build());
            }
        }
        return shards;
    }

    private static long count(long nrPages, long shardPages) {
        return (nrPages + shardPages - 1) / shardPages;
    }
}
