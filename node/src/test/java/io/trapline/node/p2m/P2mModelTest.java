package io.trapline.node.p2m;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.MemType;
import io.trapline.model.Refusal;
import io.trapline.model.TypeRun;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("T1 – T6: a shard against a model that knows one page at a time")
class P2mModelTest {
    private static final long FIRST = 3L << 18;
    private static final int CHUNKS = 3;
    private static final int PAGES = CHUNKS * 512 - 77;
    private static final int FRAMES = PAGES + 300;
    private static final MemType[] TYPES = {
        MemType.RAM_RW,
        MemType.RAM_RO,
        MemType.MMIO_WRITE_DM,
        MemType.IOREQ_SERVER_0,
        MemType.IOREQ_SERVER_9,
        MemType.MMIO_DM
    };

    private final CountingBudget budget = new CountingBudget(CHUNKS);
    private final byte[] types = new byte[FRAMES];
    private final long[] contents = new long[PAGES];
    private SplittableRandom random = new SplittableRandom(0);
    private P2m p2m = new P2m(FIRST, FIRST + FRAMES - 1, FIRST + PAGES, budget);

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void agreesWithTheModel(long seed) {
        random = new SplittableRandom(seed);
        int changes = 0;
        int refusals = 0;
        for (int life = 0; life < 25; life++) {
            p2m = new P2m(FIRST, FIRST + FRAMES - 1, FIRST + PAGES, budget);
            Arrays.fill(types, 0, PAGES, MemType.RAM_RW.code());
            Arrays.fill(types, PAGES, FRAMES, MemType.HOLE.code());
            Arrays.fill(contents, 0);
            for (int step = 0; step < 300; step++) {
                switch (random.nextInt(8)) {
                    case 0, 1, 2 -> writeAndRead();
                    case 3 -> reset();
                    default -> {
                        if (change()) {
                            changes++;
                        } else {
                            refusals++;
                        }
                    }
                }
                assertCountsChunksAndTables();
                if (step % 20 == 0) {
                    assertSame();
                }
            }
            assertSame();
            p2m.close();
            assertThat(budget.chunks()).isZero();
            assertThat(budget.tables).isZero();
        }
        assertThat(changes).isGreaterThan(1000);
        assertThat(refusals).isGreaterThan(1000);
    }

    private boolean change() {
        List<TypeRun> runs = new ArrayList<>();
        for (int i = 1 + random.nextInt(4); i > 0; i--) {
            int first = random.nextInt(FRAMES);
            int longest = random.nextInt(4) == 0 ? FRAMES : random.nextInt(3) == 0 ? 1 : 60;
            int count = Math.min(FRAMES - first, 1 + random.nextInt(longest));
            if (random.nextInt(8) == 0) {
                first = first / 512 * 512;
                count = Math.min(512 * (1 + random.nextInt(3)), FRAMES - first);
            }
            // MMIO_DM is for good: rarely, or nothing would be left to change.
            MemType type = TYPES[random.nextInt(random.nextInt(12) == 0 ? 6 : 5)];
            runs.add(new TypeRun(FIRST + first, count, first >= PAGES ? MemType.MMIO_DM : type));
        }
        byte[] after = types.clone();
        long refused = carryOut(runs, after);

        Optional<Refusal> refusal = p2m.checkTypes(runs);

        assertThat(refusal.map(r -> r.metadata().get("first_gfn")))
                .as("%s", runs)
                .isEqualTo(refused < 0 ? Optional.empty() : Optional.of(String.valueOf(refused)));
        if (refused >= 0) {
            return false;
        }
        p2m.applyTypes(runs);
        System.arraycopy(after, 0, types, 0, FRAMES);
        for (int page = 0; page < PAGES; page++) {
            contents[page] = types[page] == MemType.MMIO_DM.code() ? 0 : contents[page];
        }
        return true;
    }

    /** The first frame that refuses, or -1. */
    private static long carryOut(List<TypeRun> runs, byte[] types) {
        for (TypeRun run : runs) {
            for (long gfn = run.firstGfn(); gfn <= run.lastGfn(); gfn++) {
                int frame = (int) (gfn - FIRST);
                if (!TypePlan.mayBecome(types[frame], run.type())) {
                    return gfn;
                }
                types[frame] = run.type().code();
            }
        }
        return -1;
    }

    private void reset() {
        int x = random.nextBoolean() ? 0 : 9;
        p2m.resetType(x);
        for (int page = 0; page < PAGES; page++) {
            types[page] = types[page] == MemType.ioreqServer(x).code() ? MemType.RAM_RW.code() : types[page];
        }
    }

    private void writeAndRead() {
        int page = random.nextInt(PAGES);
        if (types[page] == MemType.MMIO_DM.code()) {
            return;
        }
        long gpa = (FIRST + page) << 12 | 0x7f8;
        assertThat(p2m.read(gpa, 8)).isEqualTo(contents[page]);
        contents[page] = random.nextLong();
        if (random.nextBoolean()) {
            assertThat(p2m.write(gpa, 8, contents[page])).isTrue();
        } else {
            byte[] bytes = new byte[8];
            for (int i = 0; i < 8; i++) {
                bytes[i] = (byte) (contents[page] >>> (8 * i));
            }
            assertThat(p2m.reserveSegments(new long[] {gpa}, new int[] {8})).isEmpty();
            p2m.writeBytes(gpa, bytes, 0, 8);
        }
    }

    private void assertCountsChunksAndTables() {
        int written = 0;
        int mixed = 0;
        int gone = 0;
        for (int chunk = 0; chunk < CHUNKS; chunk++) {
            boolean isWritten = false;
            boolean isMixed = false;
            for (int page = chunk * 512; page < Math.min(PAGES, chunk * 512 + 512); page++) {
                isWritten |= contents[page] != 0;
                isMixed |= types[page] != types[chunk * 512];
            }
            written += isWritten ? 1 : 0;
            mixed += isMixed ? 1 : 0;
            gone += !isMixed && types[chunk * 512] == MemType.MMIO_DM.code() ? 1 : 0;
        }
        // A chunk whose written pages are gone stays until its last page is.
        assertThat(budget.chunks()).isBetween(written, CHUNKS - gone);
        assertThat(budget.tables).isEqualTo(mixed);
    }

    private void assertSame() {
        List<TypeRun> listed = p2m.listTypes(FIRST, FRAMES, Integer.MAX_VALUE);
        long next = FIRST;
        byte before = 0;
        for (TypeRun run : listed) {
            assertThat(run.firstGfn()).isEqualTo(next);
            assertThat(run.type().code()).as("longest runs").isNotEqualTo(before);
            for (long gfn = run.firstGfn(); gfn <= run.lastGfn(); gfn++) {
                byte expected = types[(int) (gfn - FIRST)];
                if (run.type().code() != expected || p2m.typeOf(gfn) != expected) {
                    throw new AssertionError(gfn + ": " + run.type() + ", model " + expected);
                }
            }
            next = run.lastGfn() + 1;
            before = run.type().code();
        }
        assertThat(next).isEqualTo(FIRST + FRAMES);
        for (int page = 0; page < PAGES; page++) {
            if (types[page] != MemType.MMIO_DM.code() && p2m.read((FIRST + page) << 12 | 0x7f8, 8) != contents[page]) {
                throw new AssertionError("page " + page);
            }
        }
    }
}
