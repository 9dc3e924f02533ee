package io.trapline.node.p2m;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Limit;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A2: the parts of an access")
class AccessSplitterTest {
    private static final int PAGE = 4096;
    private final AccessSplitter splitter = new AccessSplitter();

    private record Part(long address, int sizeBytes, int count, int repetition, int byteOffset) {
        @Override
        public String toString() {
            String what = Long.toHexString(address) + ":" + sizeBytes + (count > 1 ? "x" + count : "");
            return byteOffset > 0 ? what + "+" + byteOffset : what;
        }
    }

    private List<Part> split(long address, int sizeBytes, int count, boolean df) {
        splitter.start(address, sizeBytes, count, df);
        return rest();
    }

    private List<Part> rest() {
        List<Part> parts = new ArrayList<>();
        while (splitter.next()) {
            parts.add(current());
        }
        assertThat(splitter.isLast()).isTrue();
        return parts;
    }

    private Part current() {
        return new Part(
                splitter.address(),
                splitter.sizeBytes(),
                splitter.count(),
                splitter.repetition(),
                splitter.byteOffset());
    }

    // address:size, xN = N repetitions in the part, +k = the piece starts k bytes into its repetition.
    @ParameterizedTest(name = "{0} size {1} count {2}: {3}")
    @CsvSource({
        // One repetition.
        "1000, 8, 1, '1000:8'",
        "1ff8, 8, 1, '1ff8:8'",
        "1fff, 1, 1, '1fff:1'",
        "1fff, 2, 1, '1fff:1 2000:1+1'",
        "1ffd, 4, 1, '1ffd:2 1fff:1+2 2000:1+3'",
        "1ffe, 4, 1, '1ffe:2 2000:2+2'",
        "1fff, 4, 1, '1fff:1 2000:2+1 2002:1+3'",
        "1ff9, 8, 1, '1ff9:4 1ffd:2+4 1fff:1+6 2000:1+7'",
        "1ffa, 8, 1, '1ffa:4 1ffe:2+4 2000:2+6'",
        "1ffb, 8, 1, '1ffb:4 1fff:1+4 2000:2+5 2002:1+7'",
        "1ffc, 8, 1, '1ffc:4 2000:4+4'",
        "1ffd, 8, 1, '1ffd:2 1fff:1+2 2000:4+3 2004:1+7'",
        "1ffe, 8, 1, '1ffe:2 2000:4+2 2004:2+6'",
        "1fff, 8, 1, '1fff:1 2000:4+1 2004:2+5 2006:1+7'",
        // REPs upwards: cut at the page boundary, only the crossing one in pieces.
        "1000, 8, 512, '1000:8x512'",
        "1ff0, 8, 2, '1ff0:8x2'",
        "1ff0, 8, 3, '1ff0:8x2 2000:8'",
        "1ff0, 8, 600, '1ff0:8x2 2000:8x512 3000:8x86'",
        "1ff4, 8, 3, '1ff4:8 1ffc:4 2000:4+4 2004:8'",
        "1ff4, 8, 516, '1ff4:8 1ffc:4 2000:4+4 2004:8x511 2ffc:4 3000:4+4 3004:8x2'",
        "1ffe, 1, 5, '1ffe:1x2 2000:1x3'",
        "1ffb, 2, 4, '1ffb:2x2 1fff:1 2000:1+1 2001:2'",
    })
    void cutsUpwards(String address, int sizeBytes, int count, String expected) {
        List<Part> parts = split(Long.parseLong(address, 16), sizeBytes, count, false);

        assertThat(parts.stream().map(Part::toString)).containsExactly(expected.split(" "));
    }

    @ParameterizedTest(name = "{0} size {1} count {2}, df: {3}")
    @CsvSource({
        "1000, 8, 1, '1000:8'",
        // The bytes of one repetition never turn round.
        "1ffd, 8, 1, '1ffd:2 1fff:1+2 2000:4+3 2004:1+7'",
        "2008, 8, 2, '2008:8x2'",
        "2008, 8, 3, '2008:8x2 1ff8:8'",
        "2ff8, 8, 600, '2ff8:8x512 1ff8:8x88'",
        "2004, 8, 3, '2004:8 1ffc:4 2000:4+4 1ff4:8'",
        "1ffc, 8, 2, '1ffc:4 2000:4+4 1ff4:8'",
        "2ffc, 8, 514, '2ffc:4 3000:4+4 2ff4:8x511 1ffc:4 2000:4+4 1ff4:8'",
        "2001, 1, 5, '2001:1x2 1fff:1x3'",
        "2001, 2, 4, '2001:2 1fff:1 2000:1+1 1ffd:2x2'",
        "2000, 4, 1, '2000:4'",
        "2003, 4, 2, '2003:4 1fff:1 2000:2+1 2002:1+3'",
    })
    void cutsDownwards(String address, int sizeBytes, int count, String expected) {
        List<Part> parts = split(Long.parseLong(address, 16), sizeBytes, count, true);

        assertThat(parts.stream().map(Part::toString)).containsExactly(expected.split(" "));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void agreesWithAByteByByteModel(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < 50_000; round++) {
            int size = 1 << random.nextInt(4);
            int count = random.nextInt(3) == 0 ? 1 : 1 + random.nextInt(round % 50 == 0 ? 3_000 : 20);
            boolean df = random.nextBoolean();
            long address = (1L << 40) + (random.nextBoolean() ? PAGE - 40 + random.nextInt(80) : random.nextInt(PAGE));

            List<Part> parts = split(address, size, count, df);

            assertThat(parts).isEqualTo(model(address, size, count, df));
            assertTouchesEveryByteOnceInOrder(parts, address, size, count, df);
            assertThat(AccessSplitter.isOnePart(address, size, count, df)).isEqualTo(parts.size() == 1);
        }
    }

    private static List<Part> model(long address, int size, int count, boolean df) {
        List<Part> parts = new ArrayList<>();
        for (int repetition = 0; repetition < count; repetition++) {
            long at = address + (df ? -1L : 1L) * repetition * size;
            long boundary = (at / PAGE + 1) * PAGE;
            if (at + size <= boundary) {
                Part last = parts.isEmpty() ? null : parts.getLast();
                if (last != null && last.sizeBytes == size && last.address / PAGE == at / PAGE) {
                    parts.set(parts.size() - 1, new Part(last.address, size, last.count + 1, last.repetition, 0));
                } else {
                    parts.add(new Part(at, size, 1, repetition, 0));
                }
                continue;
            }
            long next = at;
            for (long end : new long[] {boundary, at + size}) {
                for (int power = 8; power > 0; power /= 2) {
                    if (next + power <= end) {
                        parts.add(new Part(next, power, 1, repetition, (int) (next - at)));
                        next += power;
                    }
                }
            }
        }
        return parts;
    }

    private static void assertTouchesEveryByteOnceInOrder(
            List<Part> parts, long address, int size, int count, boolean df) {
        int touched = 0;
        for (Part part : parts) {
            for (int i = 0; i < part.count; i++) {
                for (int b = 0; b < part.sizeBytes; b++) {
                    long at = part.address + (df ? -1L : 1L) * i * part.sizeBytes + b;
                    long expected = address + (df ? -1L : 1L) * (touched / size) * size + touched % size;
                    if (at != expected || at / PAGE != part.address / PAGE) {
                        throw new AssertionError(parts + ": byte " + touched + " at " + at);
                    }
                    touched++;
                }
            }
        }
        assertThat(touched).isEqualTo(size * count);
    }

    @ParameterizedTest(name = "{0} bytes into its page")
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
    @DisplayName("L: the longest REP has no more parts than the limit says")
    void hasNoMorePartsThanTheLimit(int misaligned) {
        splitter.start(PAGE - 8 + misaligned, 8, Limit.MAX_REP_COUNT.intValue(), false);
        int parts = 0;
        while (splitter.next()) {
            parts++;
        }
        assertThat(parts).isPositive().isLessThanOrEqualTo(Limit.MAX_PARTS_PER_ACCESS.intValue());
        assertThat(misaligned != 1 || parts > 10_000)
                .as("%d parts: the limit is near the truth", parts)
                .isTrue();
    }

    @Test
    void numbersPartsAndComesBackToAnyOfThem() {
        for (boolean df : new boolean[] {false, true}) {
            List<Part> all = split(0x5ffd, 8, 2_000, df);
            splitter.start(0x5ffd, 8, 2_000, df);
            long[] positions = new long[all.size()];
            for (int i = 0; i < positions.length; i++) {
                assertThat(splitter.next()).isTrue();
                assertThat(splitter.part()).isEqualTo(i);
                assertThat(splitter.isLast()).isEqualTo(i == positions.length - 1);
                positions[i] = splitter.position();
            }
            for (int i = positions.length - 1; i >= 0; i--) {
                // As after a change caught this part: another access came between.
                splitter.start(0, 1, 1, false);
                assertThat(splitter.next()).isTrue();
                splitter.start(0x5ffd, 8, 2_000, df);
                splitter.seek(positions[i]);

                assertThat(splitter.next()).isTrue();
                assertThat(splitter.part()).isEqualTo(i);
                assertThat(current()).isEqualTo(all.get(i));
            }
        }
    }

    @Test
    void putsTheValueOfARepetitionTogetherAndTakesItApart() {
        long value = 0x8877665544332211L;
        for (int inPage = PAGE - 7; inPage < PAGE; inPage++) {
            splitter.start(inPage, 8, 1, false);
            long read = -1;
            StringBuilder written = new StringBuilder();
            while (splitter.next()) {
                long piece = splitter.writeData(value);
                // What lies above the piece's size in an answer does not count (F2).
                long answer = splitter.sizeBytes() == 8 ? piece : piece | -1L << (8 * splitter.sizeBytes());
                read = splitter.mergeRead(read, answer);
                written.insert(0, String.format("%0" + 2 * splitter.sizeBytes() + "x", piece));
            }
            assertThat(read).isEqualTo(value);
            assertThat(written).hasToString("8877665544332211");
        }
    }

    @ParameterizedTest(name = "df {0}")
    @ValueSource(booleans = {false, true})
    void readsTheLastElementOfARep(boolean df) { // A1
        // Repetitions whole, in pieces, whole: each gives its number in every byte.
        splitter.start(df ? 0x2004 : 0x1ff4, 8, 3, df);
        long value = 0;
        while (splitter.next()) {
            int last = splitter.repetition() + splitter.count();
            value = splitter.mergeRead(value, 0x0101010101010101L * last);
        }
        assertThat(value).isEqualTo(0x0303030303030303L);
    }

    @ParameterizedTest(name = "df {0}")
    @ValueSource(booleans = {false, true})
    void findsThePlaceInTheBuffer(boolean df) { // A1: it ascends or descends with df
        splitter.start(df ? 0x2004 : 0x1ff4, 8, 3, df);
        List<Long> offsets = new ArrayList<>();
        while (splitter.next()) {
            offsets.add(splitter.bufferOffset());
        }
        assertThat(offsets).containsExactly(df ? new Long[] {0L, -8L, -4L, -16L} : new Long[] {0L, 8L, 12L, 16L});
    }

    @ParameterizedTest(name = "{0} size {1} count {2} df {3}: {4}")
    @CsvSource({
        "0, 1, 1, true, true",
        "8, 8, 2, true, true",
        "7, 8, 2, true, false",
        "4503599627370495, 1, 1, false, true",
        "4503599627370495, 2, 1, false, false",
        "4503599627370488, 8, 1, false, true",
        "4503599627370488, 8, 2, false, false",
        "4503599627370488, 8, 2, true, true",
        "4503599627370495, 8, 2, true, false",
        "4503599627370496, 8, 8, true, false",
        "9223372036854775807, 8, 1048576, false, false",
        "-8, 8, 8, false, false",
        "-9223372036854775808, 8, 1048576, true, false",
    })
    void knowsWhatLiesOutsideGuestMemory(long address, int sizeBytes, int count, boolean df, boolean inside) { // A1
        assertThat(AccessSplitter.isInside(address, sizeBytes, count, df)).isEqualTo(inside);
    }
}
