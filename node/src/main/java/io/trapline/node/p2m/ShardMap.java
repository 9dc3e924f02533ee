package io.trapline.node.p2m;

import io.trapline.model.Gfn;
import io.trapline.model.Pure;

/**
 * How a domain's frames are cut into shards: aligned runs of equal length, the last of which also covers the holes above the domain's
 * pages. The first also decides PIO and PCI.
 */
@Pure
public final class ShardMap {
    private final long[] firstGfn;
    private final int shift;

    /** Shards that begin at these frames, ascending, the first at 0, all a power of two apart. */
    public ShardMap(long[] firstGfns) {
        if (firstGfns.length == 0 || firstGfns[0] != 0) {
            throw new IllegalArgumentException("the first shard begins at frame 0");
        }
        firstGfn = firstGfns.clone();
        shift = firstGfn.length == 1 ? 63 : Long.numberOfTrailingZeros(firstGfn[1]);
        for (int i = 1; i < firstGfn.length; i++) {
            if (firstGfn[i] != (long) i << shift) {
                throw new IllegalArgumentException("shards are not a power of two apart");
            }
        }
    }

    /** How many shards there are. */
    public int size() {
        return firstGfn.length;
    }

    /** The shard that decides a frame, 0 … size-1. */
    public int shardOf(long gfn) {
        return (int) Math.min(gfn >>> shift, firstGfn.length - 1L);
    }

    /** Its first frame. */
    public long firstGfn(int shard) {
        return firstGfn[shard];
    }

    /** Its last frame, inclusive. */
    public long lastGfn(int shard) {
        return shard == firstGfn.length - 1 ? Gfn.MAX : firstGfn[shard + 1] - 1;
    }
}
