package io.trapline.node.p2m;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GuestMemoryTest {
    private static final long CHUNK = MemoryBudget.CHUNK_BYTES;

    private static MemorySegment take(GuestMemory memory) {
        return Objects.requireNonNull(memory.takeChunk());
    }

    @Test
    void givesZeroesAndNoMoreThanThereIs() {
        GuestMemory memory = new GuestMemory(2 * CHUNK + 5, 0);
        MemorySegment one = take(memory);
        MemorySegment two = take(memory);
        one.fill((byte) 1);

        assertThat(memory.takeChunk()).isNull();
        assertThat(memory.usedBytes()).isEqualTo(2 * CHUNK);
        assertThat(two.mismatch(MemorySegment.ofArray(new byte[(int) CHUNK]))).isEqualTo(-1);

        memory.giveBackChunk(one);
        MemorySegment again = take(memory);
        assertThat(again.mismatch(two)).as("zeroes again").isEqualTo(-1);
        memory.giveBackChunk(again);
        memory.giveBackChunk(two);
        assertThat(memory.usedBytes()).isZero();
    }

    @Test
    void makesATouchAfterwardsAnErrorAndNotACrash() {
        GuestMemory memory = new GuestMemory(CHUNK, 0);
        MemorySegment chunk = take(memory);
        memory.giveBackChunk(chunk);

        assertThatThrownBy(() -> chunk.get(ValueLayout.JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> memory.giveBackChunk(chunk)).isInstanceOf(IllegalStateException.class);
        assertThat(memory.usedBytes()).isZero();
    }

    @Test
    void isSharedByTheShardsOfANode() {
        GuestMemory memory = new GuestMemory(8 * CHUNK, 100);
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<CompletableFuture<Integer>> shards = IntStream.range(0, 4)
                    .mapToObj(i -> CompletableFuture.supplyAsync(() -> takeAndGiveBack(memory), threads))
                    .toList();
            assertThat(shards.stream().mapToInt(CompletableFuture::join).sum()).isPositive();
        }
        assertThat(memory.usedBytes()).isZero();
        assertThat(memory.tables()).isZero();
        assertThat(memory.limitBytes()).isEqualTo(8 * CHUNK);
        assertThat(memory.allowsTables(100)).isTrue();
        assertThat(memory.allowsTables(101)).isFalse();
    }

    private static int takeAndGiveBack(GuestMemory memory) {
        int taken = 0;
        for (int round = 0; round < 30; round++) {
            List<MemorySegment> mine = new ArrayList<>();
            memory.countTables(3);
            for (int i = 0; i < 4; i++) {
                MemorySegment chunk = memory.takeChunk();
                if (chunk != null) {
                    chunk.set(ValueLayout.JAVA_LONG, 0, round);
                    mine.add(chunk);
                }
            }
            assertThat(memory.usedBytes()).isLessThanOrEqualTo(12 * CHUNK);
            taken += mine.size();
            mine.forEach(memory::giveBackChunk);
            memory.countTables(-3);
        }
        return taken;
    }
}
