package io.trapline.node.p2m;

import io.trapline.model.Gpa;
import io.trapline.model.Pure;
import io.trapline.model.RangeSet;
import java.util.Arrays;

/**
 * The ranges of all enabled servers of a domain, of one type, as one sorted list of segments that each say which servers cover
 * them: one search instead of one per server (R2). Immutable.
 */
@Pure
final class RangeIndex {
    private static final RangeIndex EMPTY = new RangeIndex(new long[] {0}, new long[] {0});

    // Segment i goes from starts[i] to starts[i + 1] - 1, the last one without end; bit s of masks[i] = server s covers
    // it.
    private final long[] starts;
    private final long[] masks;

    private RangeIndex(long[] starts, long[] masks) {
        this.starts = starts;
        this.masks = masks;
    }

    /** Of the sets by server id, at most 64. */
    static RangeIndex of(RangeSet[] byServer) {
        int edges = 0;
        for (RangeSet ranges : byServer) {
            edges += 2 * ranges.size();
        }
        return edges == 0 ? EMPTY : sweep(edges(byServer, edges));
    }

    /** What {@link #ranges} has told. */
    static RangeIndex of(DecisionTable.Ranges ranges) {
        long[] starts = ranges.starts();
        boolean wellFormed = starts.length == ranges.servers().length && starts.length > 0 && starts[0] == 0;
        for (int i = 1; wellFormed && i < starts.length; i++) {
            wellFormed = starts[i] > starts[i - 1];
        }
        if (!wellFormed) {
            throw new IllegalArgumentException("segments do not ascend from 0");
        }
        return new RangeIndex(starts.clone(), ranges.servers().clone());
    }

    DecisionTable.Ranges ranges() {
        return new DecisionTable.Ranges(starts.clone(), masks.clone());
    }

    /** The highest server that covers first … last whole, or -1. */
    int highest(long first, long last) {
        int i = segmentOf(first);
        long covering = masks[i];
        // A server whose ranges meet covers what is across them as one: neighbours are merged.
        while (covering != 0 && i + 1 < starts.length && starts[i + 1] <= last) {
            covering &= masks[++i];
        }
        return 63 - Long.numberOfLeadingZeros(covering);
    }

    private int segmentOf(long address) {
        int low = 0;
        int high = starts.length;
        while (high - low > 1) {
            int middle = (low + high) >>> 1;
            if (starts[middle] <= address) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** Where a server begins or ends to cover: address << 6 | server, ascending. */
    private static long[] edges(RangeSet[] byServer, int count) {
        long[] edges = new long[count];
        int n = 0;
        for (int server = 0; server < byServer.length; server++) {
            RangeSet ranges = byServer[server];
            for (int i = 0; i < ranges.size(); i++) {
                if (ranges.end(i) > Gpa.MAX) {
                    throw new IllegalArgumentException("server " + server + " has " + ranges);
                }
                edges[n++] = ranges.start(i) << 6 | server;
                edges[n++] = (ranges.end(i) + 1) << 6 | server;
            }
        }
        Arrays.sort(edges);
        return edges;
    }

    private static RangeIndex sweep(long[] edges) {
        long[] starts = new long[edges.length + 1];
        long[] masks = new long[edges.length + 1];
        int last = 0;
        for (long edge : edges) {
            long address = edge >>> 6;
            if (address != starts[last]) {
                last++;
                starts[last] = address;
                masks[last] = masks[last - 1];
            }
            // A server's own ranges never touch, so that each of its edges turns it over.
            masks[last] ^= 1L << (edge & 63);
        }
        return new RangeIndex(Arrays.copyOf(starts, last + 1), Arrays.copyOf(masks, last + 1));
    }
}
