package io.trapline.node.memory;

import io.trapline.model.Gfn;
import io.trapline.model.Pure;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.rows.Segments;
import java.util.Arrays;
import java.util.SortedMap;
import java.util.TreeMap;

/** What of a memory call's segments lies in one shard, in the call's order; a segment that crosses the border of shards is cut there. */
@Pure
final class SegmentCut {
    private static final int FEW = 8;

    private long[] gpa = new long[FEW];
    private int[] sizeBytes = new int[FEW];
    private int[] offset = new int[FEW];
    private int size;

    private SegmentCut() {}

    /**
     * Cuts segments that are well-formed.
     *
     * @param whole all of a call
     * @return by shard what lies in it, without those that are not touched
     */
    static SortedMap<Integer, Segments> cut(Segments whole, ShardMap map) {
        TreeMap<Integer, Segments> pieces = new TreeMap<>();
        int first = map.shardOf(whole.gpa()[0] >>> Gfn.PAGE_SHIFT);
        if (liesIn(whole, first, map)) {
            pieces.put(first, whole);
            return pieces;
        }
        TreeMap<Integer, SegmentCut> cuts = new TreeMap<>();
        for (int i = 0; i < whole.size(); i++) {
            long start = whole.gpa()[i];
            long end = start + whole.sizeBytes()[i];
            int offset = whole.offset()[i];
            while (start < end) {
                int shard = map.shardOf(start >>> Gfn.PAGE_SHIFT);
                int length = (int) (Math.min(end, endOf(shard, map)) - start);
                cuts.computeIfAbsent(shard, index -> new SegmentCut()).add(start, length, offset);
                start += length;
                offset += length;
            }
        }
        cuts.forEach((shard, cut) -> pieces.put(shard, cut.segments(whole.data())));
        return pieces;
    }

    private static boolean liesIn(Segments whole, int shard, ShardMap map) {
        long from = map.firstGfn(shard) << Gfn.PAGE_SHIFT;
        long end = endOf(shard, map);
        for (int i = 0; i < whole.size(); i++) {
            if (whole.gpa()[i] < from || whole.gpa()[i] + whole.sizeBytes()[i] > end) {
                return false;
            }
        }
        return true;
    }

    /** The first byte behind a shard. */
    private static long endOf(int shard, ShardMap map) {
        return (map.lastGfn(shard) + 1) << Gfn.PAGE_SHIFT;
    }

    private void add(long start, int length, int at) {
        if (size == gpa.length) {
            gpa = Arrays.copyOf(gpa, 2 * size);
            sizeBytes = Arrays.copyOf(sizeBytes, 2 * size);
            offset = Arrays.copyOf(offset, 2 * size);
        }
        gpa[size] = start;
        sizeBytes[size] = length;
        offset[size] = at;
        size++;
    }

    private Segments segments(byte[] data) {
        return new Segments(
                Arrays.copyOf(gpa, size), Arrays.copyOf(sizeBytes, size), Arrays.copyOf(offset, size), data);
    }
}
