package io.trapline.node.p2m;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Gfn;
import io.trapline.model.MemType;
import io.trapline.model.TypeRun;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("T6: types cost what their runs cost, not what their pages cost")
class P2mCostTest {
    private static final int SHARDS = 1024;
    private static final long SHARD_PAGES = 1L << 18;
    private static final long PAGES = 1L << 28;

    private final GuestMemory memory = new GuestMemory(1L << 30, 1 << 20);

    private P2m[] domain() {
        P2m[] shards = new P2m[SHARDS];
        for (int i = 0; i < SHARDS; i++) {
            long first = i * SHARD_PAGES;
            long last = i == SHARDS - 1 ? Gfn.MAX : first + SHARD_PAGES - 1;
            shards[i] = new P2m(first, last, PAGES, memory);
        }
        return shards;
    }

    /** In milliseconds, the best of some rounds: others use the machine too. */
    private static long millis(Runnable work) {
        long best = Long.MAX_VALUE;
        for (int round = 0; round < 5; round++) {
            long start = System.nanoTime();
            work.run();
            best = Math.min(best, System.nanoTime() - start);
        }
        return best / 1_000_000;
    }

    private static void change(P2m[] shards, long first, long count, MemType type) {
        for (P2m shard : shards) {
            long from = Math.max(first, shard.firstGfn());
            long to = Math.min(first + count - 1, shard.lastGfn());
            if (from <= to) {
                List<TypeRun> runs = List.of(new TypeRun(from, to - from + 1, type));
                assertThat(shard.checkTypes(runs).isEmpty()).isTrue();
                shard.applyTypes(runs);
            }
        }
    }

    @Test
    void typesTwoToThe28PagesInMilliseconds() {
        P2m[] shards = domain();

        long uniform = millis(() -> {
            change(shards, 0, PAGES, MemType.IOREQ_SERVER_0);
            change(shards, 0, PAGES, MemType.RAM_RW);
        });
        // One odd page in each shard, so that no shard is all alike.
        for (int i = 0; i < SHARDS; i++) {
            change(shards, i * SHARD_PAGES + 5, 1, MemType.RAM_RO);
        }
        long scattered = millis(() -> {
            change(shards, 1000, PAGES - 2000, MemType.MMIO_WRITE_DM);
            change(shards, 1000, PAGES - 2000, MemType.RAM_RW);
            change(shards, 5, 1, MemType.RAM_RW);
        });

        // Page by page it is 2^29 steps; by runs and chunks it is a few milliseconds.
        assertThat(uniform).isLessThan(100);
        assertThat(scattered).isLessThan(200);
    }

    @Test
    void typesHolesInMillisecondsToo() {
        P2m last = domain()[SHARDS - 1];
        long millis = millis(() -> {
            for (long first = PAGES; first <= Gfn.MAX - PAGES; first += PAGES) {
                List<TypeRun> runs = List.of(new TypeRun(first, PAGES, MemType.MMIO_DM));
                assertThat(last.checkTypes(runs).isEmpty()).isTrue();
                last.applyTypes(runs);
            }
        });
        assertThat(millis).isLessThan(200);
        assertThat(last.listTypes(PAGES, 1L << 40, 10)).hasSize(2);
    }

    @Test
    void plans4096RunsThatCoverEachOtherByTheirEdges() {
        P2m shard = domain()[3];
        long millis = millis(() -> {
            for (int round = 0; round < 16; round++) {
                List<TypeRun> runs = new ArrayList<>();
                for (int i = 0; i < 4096; i++) {
                    MemType type = i % 2 == 0 ? MemType.RAM_RO : MemType.RAM_RW;
                    runs.add(new TypeRun(shard.firstGfn() + i % 7, SHARD_PAGES - 7, type));
                }
                assertThat(shard.checkTypes(runs).isEmpty()).isTrue();
                shard.applyTypes(runs);
            }
        });
        // 2^34 pages in 16 calls, each planned twice.
        assertThat(millis).isLessThan(1_000);
    }

    @Test
    void costsKilobytesUntilSomebodyWritesOrTypes() {
        long before = heap();
        P2m[] shards = domain();
        long after = heap();

        assertThat(memory.usedBytes()).isZero();
        assertThat(after - before).as("heap of 2^28 pages").isLessThan(1 << 20);

        change(shards, 0, PAGES, MemType.IOREQ_SERVER_1);
        change(shards, 0, PAGES, MemType.RAM_RW);
        change(shards, 0, PAGES, MemType.RAM_RO);
        assertThat(heap() - before).as("typed, all alike").isLessThan(1 << 20);

        for (int i = 0; i < SHARDS; i++) {
            change(shards, i * SHARD_PAGES + 5, 1, MemType.RAM_RW);
        }
        assertThat(heap() - before).as("one odd page in each shard").isLessThan(8 << 20);
        assertThat(memory.usedBytes()).isZero();
        assertThat(shards[7].typeOf(7 * SHARD_PAGES)).isEqualTo(MemType.RAM_RO.code());
    }

    private static long heap() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++) {
            System.gc();
            least = Math.min(
                    least,
                    Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
        }
        return least;
    }
}
