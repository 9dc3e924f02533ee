package io.trapline.sim.world;

import io.trapline.model.Gfn;
import java.util.List;

/** The small domain of the simulation: two shards, a few pages on both sides of where they meet, a range above all pages, a few ports. */
final class Layout {
    static final int DOMID = 1;
    static final long SHARD_PAGES = 1L << 18;
    static final long NR_PAGES = 2 * SHARD_PAGES;

    /** The pages that guests use; the second and the third are neighbours in different shards. */
    static final List<Long> PAGES = List.of(SHARD_PAGES - 2, SHARD_PAGES - 1, SHARD_PAGES, SHARD_PAGES + 1);

    /** In a hole. */
    static final long RANGE_START = (NR_PAGES + 16) << Gfn.PAGE_SHIFT;

    static final long RANGE_END = RANGE_START + (1 << Gfn.PAGE_SHIFT) - 1;
    static final int FIRST_PORT = 0x60;
    static final int LAST_PORT = 0x67;

    /** Types that are claimed: {@code ioreq_server[0]} and up. */
    static final int TYPES = 3;

    private Layout() {}

    static long[] pagesOf(int shard) {
        return PAGES.stream()
                .mapToLong(gfn -> gfn)
                .filter(gfn -> (gfn >= SHARD_PAGES ? 1 : 0) == shard)
                .toArray();
    }

    static boolean isPage(long gpa) {
        return PAGES.contains(gpa >>> Gfn.PAGE_SHIFT);
    }

    static int shardOf(long gpa) {
        return gpa >>> Gfn.PAGE_SHIFT >= SHARD_PAGES ? 1 : 0;
    }
}
