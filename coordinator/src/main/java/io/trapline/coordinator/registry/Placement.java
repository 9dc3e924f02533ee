package io.trapline.coordinator.registry;

import io.trapline.internal.v1.NodeLife;
import io.trapline.model.Pure;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.stream.IntStream;

/**
 * Where the shards of a new domain begin (D-27): together at the node with the most memory left, and their second copies at the next one. Where that is too small for
 * all of them, at as few nodes as have room. Where all nodes have not, they are together all the same: a guest need not touch all of its memory.
 */
@Pure
final class Placement {
    /**
     * A node that may be given shards.
     *
     * @param bytesLeft its memory that is in no domain; below 0 where more was given than it has
     */
    record Room(NodeLife life, long bytesLeft) {}

    /**
     * Shards that have their copies at the same nodes.
     *
     * @param lives of distinct nodes, the primary's first
     */
    record Part(int shards, List<NodeLife> lives) {}

    private final int shards;
    private final int copies;
    private final List<Room> rooms;

    private Placement(int shards, int copies, List<Room> rooms) {
        this.shards = shards;
        this.copies = copies;
        this.rooms = rooms;
    }

    /**
     * The parts of a domain in the order of its shards.
     *
     * @param bytes what all of its pages take
     * @param shardBytes what each of its shards but the last takes
     * @param copies of each shard; as many rooms, or more
     * @param rooms of distinct nodes, that with the most memory left first
     */
    static List<Part> of(int shards, long bytes, long shardBytes, int copies, List<Room> rooms) {
        Placement placement = new Placement(shards, copies, rooms);
        boolean fitsTogether = rooms.get(copies - 1).bytesLeft() >= bytes;
        int[] most = rooms.stream()
                .mapToInt(room -> Math.clamp(room.bytesLeft() / shardBytes, 0, shards))
                .toArray();
        int nodes = fitsTogether ? copies : placement.fewestNodes(most);
        return nodes == copies ? placement.together() : placement.apart(most, nodes);
    }

    private List<Part> together() {
        return List.of(new Part(shards, lives(IntStream.range(0, copies).boxed().toList())));
    }

    /** How many of the rooms, from the largest on, have all copies; as many as there are copies where even all have not. */
    private int fewestNodes(int[] most) {
        long room = 0;
        for (int i = 0; i < most.length; i++) {
            room += most[i];
            if (room >= (long) shards * copies) {
                return Math.max(i + 1, copies);
            }
        }
        return copies;
    }

    /**
     * Each shard goes where the most room is by then. So no node is left with room that a second copy cannot use, since the first is there: each has at most as much as
     * there are shards.
     */
    private List<Part> apart(int[] most, int nodes) {
        int[] left = most.clone();
        PriorityQueue<Integer> byRoom = new PriorityQueue<>(
                Comparator.<Integer>comparingInt(i -> -left[i]).thenComparing(i -> i));
        for (int i = 0; i < nodes; i++) {
            byRoom.add(i);
        }
        Map<List<Integer>, Integer> parts = new LinkedHashMap<>();
        for (int shard = 0; shard < shards; shard++) {
            List<Integer> at = new ArrayList<>(copies);
            for (int copy = 0; copy < copies; copy++) {
                at.add(byRoom.remove());
            }
            parts.merge(at, 1, Integer::sum);
            // In the queue no order changes.
            at.forEach(i -> {
                left[i]--;
                byRoom.add(i);
            });
        }
        List<Part> all = new ArrayList<>(parts.size());
        parts.forEach((at, count) -> all.add(new Part(count, lives(at))));
        return all;
    }

    private List<NodeLife> lives(List<Integer> at) {
        return at.stream().map(i -> rooms.get(i).life()).toList();
    }
}
