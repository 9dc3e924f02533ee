package io.trapline.coordinator.registry;

import io.trapline.internal.v1.PlacedDomain;
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
final class ShardPlan {
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
    static long count(PlacedDomain placed) {
        return count(placed.getDomain().getNrPages(), placed.getShardPages());
    }

    /** By ascending first_gfn. */
    static List<DomainShard> shards(PlacedDomain placed) {
        long count = count(placed);
        List<DomainShard> shards = new ArrayList<>((int) count);
        for (long i = 0; i < count; i++) {
            shards.add(DomainShard.newBuilder()
                    .setFirstGfn(i * placed.getShardPages())
                    .setLastGfn(i == count - 1 ? LAST_GFN : (i + 1) * placed.getShardPages() - 1)
                    .setPrimary(placed.getPrimary())
                    .setEpoch(placed.getEpoch())
                    .build());
        }
        return shards;
    }

    private static long count(long nrPages, long shardPages) {
        return (nrPages + shardPages - 1) / shardPages;
    }
}
