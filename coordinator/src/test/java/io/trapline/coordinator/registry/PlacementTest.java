package io.trapline.coordinator.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.NodeLife;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("D-27: where a new domain's shards begin")
final class PlacementTest {
    private static final long SHARD = 1L << 30;

    @Test
    @DisplayName("together where one node has room for all of them, though not for a whole shard more")
    void together() {
        assertThat(place(2, 3 * SHARD / 2, 1, 3 * SHARD / 2, 0)).containsExactly("2 at n0");
        assertThat(place(2, 2 * SHARD, 2, 5 * SHARD, 2 * SHARD, SHARD)).containsExactly("2 at n0 n1");
    }

    @Test
    @DisplayName("at as few nodes as have room, in the order of the shards")
    void apart() {
        assertThat(place(5, 5 * SHARD, 1, 4 * SHARD, 3 * SHARD, 3 * SHARD)).containsExactly("3 at n0", "2 at n1");
        assertThat(place(6, 6 * SHARD, 2, 4 * SHARD, 4 * SHARD, 4 * SHARD))
                .containsExactly("2 at n0 n1", "2 at n2 n0", "2 at n1 n2");
    }

    @Test
    @DisplayName("together where all nodes have not room enough: a guest need not touch all of its memory")
    void overcommitted() {
        assertThat(place(5, 5 * SHARD, 1, 2 * SHARD, 2 * SHARD)).containsExactly("5 at n0");
        assertThat(place(3, 3 * SHARD, 2, 9 * SHARD, 2 * SHARD)).containsExactly("3 at n0 n1");
        assertThat(place(3, 3 * SHARD, 1, -SHARD, -2 * SHARD)).containsExactly("3 at n0");
    }

    @Test
    @DisplayName("no node is given more than it has left while all together have room, and no shard both copies")
    void fits() {
        Random random = new Random(7);
        int apart = 0;
        for (int run = 0; run < 2_000; run++) {
            int shards = 1 + random.nextInt(40);
            int copies = 1 + random.nextInt(2);
            List<Placement.Room> rooms = rooms(IntStream.range(0, copies + random.nextInt(6))
                    .mapToLong(i -> random.nextInt(30) * SHARD + 5)
                    .toArray());
            List<Placement.Part> parts = Placement.of(shards, shards * SHARD, SHARD, copies, rooms);

            assertThat(parts.stream().mapToInt(Placement.Part::shards).sum()).isEqualTo(shards);
            assertThat(parts)
                    .allSatisfy(part -> assertThat(part.lives()).hasSize(copies).doesNotHaveDuplicates());
            long room = rooms.stream()
                    .mapToLong(each -> Math.min(each.bytesLeft() / SHARD, shards))
                    .sum();
            if (room >= (long) shards * copies) {
                Map<NodeLife, Long> given = new HashMap<>();
                parts.forEach(part ->
                        part.lives().forEach(life -> given.merge(life, part.shards() * SHARD, Long::sum)));
                assertThat(rooms)
                        .allSatisfy(each ->
                                assertThat(given.getOrDefault(each.life(), 0L)).isLessThanOrEqualTo(each.bytesLeft()));
                apart += parts.size() > 1 ? 1 : 0;
            } else {
                assertThat(parts).hasSize(1);
            }
        }
        assertThat(apart).isGreaterThan(100);
    }

    private static List<String> place(int shards, long bytes, int copies, long... bytesLeft) {
        return Placement.of(shards, bytes, SHARD, copies, rooms(bytesLeft)).stream()
                .map(part -> part.shards() + " at "
                        + String.join(
                                " ",
                                part.lives().stream().map(NodeLife::getNode).toList()))
                .toList();
    }

    private static List<Placement.Room> rooms(long... bytesLeft) {
        List<Placement.Room> rooms = new ArrayList<>();
        long[] sorted = IntStream.range(0, bytesLeft.length)
                .mapToLong(i -> bytesLeft[i])
                .sorted()
                .toArray();
        for (int i = 0; i < sorted.length; i++) {
            rooms.add(new Placement.Room(Cluster.life("n" + i, 1), sorted[sorted.length - 1 - i]));
        }
        return rooms;
    }
}
