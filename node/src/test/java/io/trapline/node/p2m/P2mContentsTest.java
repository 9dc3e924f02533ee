package io.trapline.node.p2m;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.model.Errno;
import io.trapline.model.Gfn;
import io.trapline.model.MemType;
import io.trapline.model.Refusal;
import io.trapline.model.TypeRun;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class P2mContentsTest {
    private static final long FIRST = 1L << 18;
    private static final long BASE = FIRST << 12;
    private static final int PAGES = 4 * 512;
    private static final int CHUNK = MemoryBudget.CHUNK_BYTES;

    private final CountingBudget budget = new CountingBudget(3);
    private final P2m p2m = new P2m(FIRST, Gfn.MAX, FIRST + PAGES, budget);

    private void type(long page, long count, MemType type) {
        TypeRun run = new TypeRun(FIRST + page, count, type);
        assertThat(p2m.checkTypes(List.of(run))).isEmpty();
        p2m.applyTypes(List.of(run));
    }

    @Test
    void readsWhatWasWrittenInTheLowBytesFirst() { // T2
        p2m.write(BASE + 3, 8, 0x8877665544332211L);

        assertThat(p2m.read(BASE + 3, 8)).isEqualTo(0x8877665544332211L);
        assertThat(p2m.read(BASE + 3, 1)).isEqualTo(0x11);
        assertThat(p2m.read(BASE + 9, 2)).isEqualTo(0x8877);
        assertThat(p2m.read(BASE + 7, 4)).isEqualTo(0x88776655L);
        assertThat(p2m.read(BASE + 10, 4)).isEqualTo(0x88);
        p2m.write(BASE + 4, 1, 0xABCD);
        p2m.write(BASE + 6, 2, 0x1_0000L);
        p2m.write(BASE + 12, 4, -1);
        assertThat(p2m.read(BASE + 3, 8)).isEqualTo(0x887766000033CD11L);
        assertThat(p2m.read(BASE + 11, 8)).isEqualTo(0xFFFFFFFF00L);
    }

    @Test
    void takesAChunkWhenItIsFirstWritten() { // T1
        assertThat(p2m.read(BASE + CHUNK, 8)).isZero();
        assertThat(budget.chunks()).isZero();
        assertThat(p2m.write(BASE + CHUNK, 8, 1)).isTrue();
        assertThat(p2m.write(BASE + CHUNK + 4096, 8, 1)).isTrue();
        assertThat(budget.chunks()).isEqualTo(1);
        assertThat(p2m.read(BASE, 8)).isZero();
    }

    @Test
    void saysWhenThereIsNoMemoryLeft() {
        for (int chunk = 0; chunk < 3; chunk++) {
            assertThat(p2m.write(BASE + (long) chunk * CHUNK, 8, 7)).isTrue();
        }
        assertThat(p2m.write(BASE + 3L * CHUNK, 8, 7)).isFalse();
        assertThat(p2m.read(BASE + 3L * CHUNK, 8)).isZero();
        assertThat(p2m.write(BASE + 2L * CHUNK + 8, 8, 8)).isTrue();
    }

    @ParameterizedTest
    @EnumSource(
            value = MemType.class,
            names = {"RAM_RO", "MMIO_WRITE_DM", "IOREQ_SERVER_5"})
    void keepsContentsThroughTypes(MemType type) { // T3, T5
        p2m.write(BASE + 16, 8, 99);
        type(0, 1, type);
        assertThat(p2m.read(BASE + 16, 8)).isEqualTo(99);
        p2m.write(BASE + 24, 8, 98);
        type(0, 1, MemType.RAM_RW);
        assertThat(p2m.read(BASE + 16, 8)).isEqualTo(99);
        assertThat(p2m.read(BASE + 24, 8)).isEqualTo(98);
    }

    @Test
    void losesTheContentsOfMmioDmForGood() { // T5
        p2m.write(BASE, 8, 1);
        p2m.write(BASE + CHUNK, 8, 1);
        type(0, 511, MemType.MMIO_DM);
        assertThat(budget.chunks()).as("one page of the chunk is left").isEqualTo(2);
        assertThatThrownBy(() -> p2m.read(BASE, 8)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> p2m.write(BASE, 8, 1)).isInstanceOf(IllegalStateException.class);
        type(511, 1, MemType.MMIO_DM);
        assertThat(budget.chunks()).isEqualTo(1);
        type(0, PAGES, MemType.MMIO_DM);
        assertThat(budget.chunks()).isZero();
    }

    @Test
    void copiesAcrossPagesAndChunks() { // F2
        byte[] pattern = new byte[CHUNK + 300];
        new SplittableRandom(5).nextBytes(pattern);
        long at = BASE + CHUNK - 150;
        assertThat(p2m.reserveSegments(new long[] {at}, new int[] {pattern.length - 20}))
                .isEmpty();
        p2m.writeBytes(at, pattern, 10, pattern.length - 20);

        byte[] read = new byte[pattern.length + 100];
        Arrays.fill(read, (byte) 1);
        p2m.readBytes(at - 40, read, 10, pattern.length + 60);

        assertThat(Arrays.copyOfRange(read, 50, 30 + pattern.length))
                .isEqualTo(Arrays.copyOfRange(pattern, 10, pattern.length - 10));
        assertThat(Arrays.copyOfRange(read, 10, 50)).containsOnly(0);
        assertThat(Arrays.copyOfRange(read, 30 + pattern.length, 70 + pattern.length))
                .containsOnly(0);
        assertThat(Arrays.copyOfRange(read, 0, 10)).containsOnly(1);
        assertThat(Arrays.copyOfRange(read, 70 + pattern.length, read.length)).containsOnly(1);
        assertThat(budget.chunks()).isEqualTo(3);
    }

    @Test
    void readsChunksThatWereNeverWrittenAsZeroes() { // T1
        p2m.write(BASE + CHUNK - 8, 8, -1);
        byte[] read = new byte[32];
        Arrays.fill(read, (byte) 7);
        p2m.readBytes(BASE + CHUNK - 16, read, 0, 32);

        assertThat(read).startsWith(0, 0, 0, 0, 0, 0, 0, 0, -1, -1).endsWith(new byte[16]);
    }

    @Test
    void refusesSegmentsInPagesWithoutMemory() { // F2
        type(100, 1, MemType.MMIO_DM);
        type(50, 1, MemType.RAM_RO);
        type(51, 1, MemType.MMIO_WRITE_DM);
        type(52, 1, MemType.IOREQ_SERVER_0);
        long[] good = {BASE, BASE + (50 << 12) - 8, BASE + ((long) PAGES << 12) - 1};
        assertThat(p2m.checkSegments(good, new int[] {8, 4 << 12, 1})).isEmpty();
        assertThat(p2m.reserveSegments(good, new int[] {8, 4 << 12, 1}))
                .as("RAM_RO too")
                .isEmpty();

        assertRefused(100, BASE + (100 << 12) - 1, 2);
        assertRefused(100, BASE + (100 << 12), 1);
        assertRefused(100, BASE, 2 << 20);
        assertRefused(PAGES, BASE + ((long) PAGES << 12) - 1, 2);
        assertRefused(PAGES + 9, BASE + ((PAGES + 9L) << 12), 1);
        assertRefused(Gfn.MAX - FIRST, Gfn.MAX << 12, 4096);
    }

    private void assertRefused(long page, long gpa, int sizeBytes) {
        int before = budget.chunks();
        Refusal refusal = p2m.checkSegments(new long[] {BASE, gpa}, new int[] {1, sizeBytes})
                .orElseThrow();

        assertThat(refusal.errno()).isEqualTo(Errno.EINVAL);
        assertThat(refusal.metadata()).containsEntry("first_gfn", String.valueOf(FIRST + page));
        assertThat(p2m.reserveSegments(new long[] {BASE, gpa}, new int[] {1, sizeBytes}))
                .contains(refusal);
        assertThat(budget.chunks()).isEqualTo(before);
    }

    @Test
    void reservesAllOrNothing() { // F2: all segments or none
        p2m.write(BASE + CHUNK, 1, 1);
        long[] four = {BASE + 2L * CHUNK - 1, BASE, BASE + 3L * CHUNK};
        int[] sizes = {2, 1, 1};
        assertThat(p2m.reserveSegments(four, sizes).orElseThrow().errno()).isEqualTo(Errno.ENOSPC);
        assertThat(budget.chunks()).isEqualTo(1);
        assertThat(p2m.read(BASE + CHUNK, 1)).isEqualTo(1);
        budget.chunksLeft++;
        assertThat(p2m.reserveSegments(four, sizes)).isEmpty();
        assertThat(budget.chunks()).isEqualTo(4);
    }

    @Test
    void givesEverythingBackWhenClosed() {
        p2m.write(BASE, 8, 1);
        p2m.write(BASE + CHUNK, 8, 1);
        p2m.close();
        p2m.close();

        assertThat(budget.chunks()).isZero();
        assertThatThrownBy(() -> p2m.read(BASE, 8)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> p2m.readBytes(BASE, new byte[8], 0, 8)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> p2m.writeBytes(BASE, new byte[8], 0, 8)).isInstanceOf(IllegalStateException.class);
    }
}
