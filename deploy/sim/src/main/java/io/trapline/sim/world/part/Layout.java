package io.trapline.sim.world.part;

import io.trapline.model.Gfn;
import io.trapline.node.p2m.ShardMap;
import java.util.List;

/** The small domain of the simulation: two shards, a few pages on both sides of where they meet, a range above all pages, a few ports. */
public final class Layout {
    public static final int DOMID = 1;
    public static final long SHARD_PAGES = 1L << 18;
    public static final long NR_PAGES = 2 * SHARD_PAGES;

    /** Where its shards are. */
    public static final ShardMap MAP = new ShardMap(new long[] {0, SHARD_PAGES});

    /** The pages that guests use; the second and the third are neighbours in different shards. */
    public static final List<Long> PAGES = List.of(SHARD_PAGES - 2, SHARD_PAGES - 1, SHARD_PAGES, SHARD_PAGES + 1);

    /** In a hole. */
    public static final long RANGE_START = (NR_PAGES + 16) << Gfn.PAGE_SHIFT;

    public static final long RANGE_END = RANGE_START + (1 << Gfn.PAGE_SHIFT) - 1;
    public static final int FIRST_PORT = 0x60;
    public static final int LAST_PORT = 0x67;

    /** Types that are claimed: {@code ioreq_server[0]} and up. */
    public static final int TYPES = 3;

    private Layout() {}

    public static long[] pagesOf(int shard) {
        return PAGES.stream()
                .mapToLong(gfn -> gfn)
                .filter(gfn -> (gfn >= SHARD_PAGES ? 1 : 0) == shard)
                .toArray();
    }

    public static boolean isPage(long gpa) {
        return PAGES.contains(gpa >>> Gfn.PAGE_SHIFT);
    }

    public static int shardOf(long gpa) {
        return gpa >>> Gfn.PAGE_SHIFT >= SHARD_PAGES ? 1 : 0;
    }
}
