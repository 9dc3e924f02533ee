package io.trapline.node.types;

import io.trapline.model.Pure;
import io.trapline.model.TypeRun;
import io.trapline.node.p2m.ShardMap;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.RandomAccess;
import java.util.TreeMap;

/**
 * What of a type call's runs lies in one shard, in their order. Cut when it is asked for, since a call may have thousands of runs that each cover
 * a thousand shards.
 */
@Pure
final class ShardRuns extends AbstractList<TypeRun> implements RandomAccess {
    private final int shard;
    private final long firstGfn;
    private final long lastGfn;
    private final List<TypeRun> all;
    private int[] indices = new int[1];
    private int size;

    private ShardRuns(int shard, ShardMap map, List<TypeRun> all) {
        this.shard = shard;
        this.all = all;
        firstGfn = map.firstGfn(shard);
        lastGfn = map.lastGfn(shard);
    }

    /** The runs of every shard that they touch, by ascending shard. */
    static List<ShardRuns> cut(List<TypeRun> runs, ShardMap map) {
        TreeMap<Integer, ShardRuns> shards = new TreeMap<>();
        List<TypeRun> all = List.copyOf(runs);
        for (int i = 0; i < all.size(); i++) {
            TypeRun run = all.get(i);
            for (int shard = map.shardOf(run.firstGfn()); shard <= map.shardOf(run.lastGfn()); shard++) {
                shards.computeIfAbsent(shard, index -> new ShardRuns(index, map, all))
                        .append(i);
            }
        }
        return new ArrayList<>(shards.values());
    }

    int shard() {
        return shard;
    }

    /** Which run of the call the i-th run here is a part of. */
    int indexInCall(int i) {
        return indices[i];
    }

    @Override
    public TypeRun get(int i) {
        TypeRun run = all.get(indices[i]);
        long first = Math.max(run.firstGfn(), firstGfn);
        return new TypeRun(first, Math.min(run.lastGfn(), lastGfn) - first + 1, run.type());
    }

    @Override
    public int size() {
        return size;
    }

    private void append(int index) {
        if (size == indices.length) {
            indices = Arrays.copyOf(indices, 2 * size);
        }
        indices[size++] = index;
    }
}
