package io.trapline.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.BitSet;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("R1, R2: the ranges of one type of one server")
class RangeSetTest {
    private static final long TOP = Gpa.MAX;

    private static RangeSet set(long... bounds) {
        RangeSet set = RangeSet.EMPTY;
        for (int i = 0; i < bounds.length; i += 2) {
            set = changed(set.map(bounds[i], bounds[i + 1]));
        }
        return set;
    }

    private static RangeSet changed(RangeSet.Outcome outcome) {
        assertThat(outcome).isInstanceOf(RangeSet.Changed.class);
        return ((RangeSet.Changed) outcome).ranges();
    }

    private static Errno refused(RangeSet.Outcome outcome) {
        assertThat(outcome).isInstanceOf(RangeSet.Refused.class);
        return ((RangeSet.Refused) outcome).refusal().errno();
    }

    @ParameterizedTest(name = "map {0}-{1}: {2}")
    @CsvSource({
        "5, 9, '[0x5, 0x9] [0x14, 0x1d] [0x28, 0x31]'",
        "5, 19, '[0x5, 0x1d] [0x28, 0x31]'", // R1: neighbours merge
        "30, 30, '[0x14, 0x1e] [0x28, 0x31]'",
        "30, 39, '[0x14, 0x31]'",
        "50, 50, '[0x14, 0x1d] [0x28, 0x32]'",
        "52, 4503599627370495, '[0x14, 0x1d] [0x28, 0x31] [0x34, 0xfffffffffffff]'",
        "5, 20, EEXIST",
        "20, 29, EEXIST",
        "22, 23, EEXIST",
        "29, 30, EEXIST",
        "5, 100, EEXIST",
        "35, 40, EEXIST",
        "7, 6, EINVAL",
        "-1, 6, EINVAL",
    })
    void mapsMergesAndRefuses(long start, long end, String expected) {
        RangeSet set = set(20, 29, 40, 49);

        RangeSet.Outcome outcome = set.map(start, end);

        assertThat(
                        expected.startsWith("E")
                                ? refused(outcome).name()
                                : changed(outcome).toString())
                .isEqualTo(expected);
        assertThat(set).as("unchanged").isEqualTo(set(20, 29, 40, 49));
    }

    @ParameterizedTest(name = "unmap {0}-{1}: {2}")
    @CsvSource({
        "20, 29, '[0x28, 0x31]'",
        "20, 20, '[0x15, 0x1d] [0x28, 0x31]'",
        "25, 29, '[0x14, 0x18] [0x28, 0x31]'",
        "22, 23, '[0x14, 0x15] [0x18, 0x1d] [0x28, 0x31]'", // R1: unmapping the middle splits
        "40, 49, '[0x14, 0x1d]'",
        "19, 20, ENOENT",
        "29, 30, ENOENT",
        "20, 49, ENOENT",
        "30, 39, ENOENT",
        "60, 60, ENOENT",
        "23, 22, EINVAL",
        "-5, 22, EINVAL",
    })
    void unmapsSplitsAndRefuses(long start, long end, String expected) {
        RangeSet.Outcome outcome = set(20, 29, 40, 49).unmap(start, end);

        assertThat(
                        expected.startsWith("E")
                                ? refused(outcome).name()
                                : changed(outcome).toString())
                .isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0}-{1} in two ranges: {2}")
    @CsvSource({
        "20, 29, true",
        "20, 20, true",
        "29, 29, true",
        "25, 26, true",
        "19, 20, false",
        "29, 30, false",
        "29, 40, false",
        "30, 39, false",
        "50, 50, false",
        "0, 0, false",
        "26, 25, false",
    })
    void containsOnlyWhatLiesWholeInOneRange(long first, long last, boolean expected) { // R2
        assertThat(set(20, 29, 40, 49).contains(first, last)).isEqualTo(expected);
    }

    @Test
    void refusesThe257thRangeAndTheSplitThatMakesOne() { // R1
        RangeSet full = RangeSet.EMPTY;
        for (int i = 0; i < 256; i++) {
            full = changed(full.map(i * 16L, i * 16L + 7));
        }
        Refusal over = ((RangeSet.Refused) full.map(TOP, TOP)).refusal();

        assertThat(over.errno()).isEqualTo(Errno.ENOSPC);
        assertThat(over.metadata())
                .containsEntry("value", "257")
                .containsEntry("limit", "256")
                .containsEntry("limit_name", "max_ranges_per_type");
        assertThat(refused(full.unmap(3, 4))).isEqualTo(Errno.ENOSPC);
        assertThat(changed(full.map(8, 8)).size()).as("merged: no range more").isEqualTo(256);
        assertThat(changed(full.map(8, 15)).size()).as("joins two").isEqualTo(255);
        assertThat(changed(full.unmap(0, 3)).size()).isEqualTo(256);
    }

    @Test
    void namesBothRangesWhenTheyOverlap() {
        Refusal refusal = ((RangeSet.Refused) set(0x3f8, 0x3ff).map(0x3f0, 0x3f8)).refusal();

        assertThat(refusal.message()).contains("[0x3f0, 0x3f8]", "[0x3f8, 0x3ff]");
        assertThat(refusal.metadata()).containsEntry("existing_start", String.valueOf(0x3f8));
    }

    @Test
    void isMadeAgainFromItsList() {
        RangeSet set = set(TOP - 1, TOP, 0, 4, 6, 8);

        assertThat(RangeSet.of(new long[] {0, 6, TOP - 1}, new long[] {4, 8, TOP}))
                .isEqualTo(set)
                .hasSameHashCodeAs(set);
        assertThatThrownBy(() -> RangeSet.of(new long[] {0, 5}, new long[] {4, 8}))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> RangeSet.of(new long[] {6, 0}, new long[] {8, 4}))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> RangeSet.of(new long[] {6}, new long[] {5}))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest(name = "seed {0}, ranges of up to {1}")
    @CsvSource({"1, 1", "2, 3", "3, 20", "4, 200", "5, 2"})
    void agreesWithABruteForceModel(long seed, int longest) {
        int universe = 1500;
        // The model's bit 0 is base: at the top of guest memory for the odd seeds.
        long base = seed % 2 == 0 ? 0 : TOP - universe + 1;
        SplittableRandom random = new SplittableRandom(seed);
        BitSet model = new BitSet(universe);
        RangeSet set = RangeSet.EMPTY;
        int[] refusals = new int[Errno.EINVAL.number() + 100];
        // Phases of mostly mapping and mostly unmapping, so that full, empty and split sets all come by.
        for (int step = 0; step < 80_000; step++) {
            int start = random.nextInt(universe);
            int end = Math.min(universe - 1, start + random.nextInt(longest));
            boolean map = random.nextInt(100) < ((step / 4_000) % 2 == 0 ? 80 : 35);
            BitSet after = (BitSet) model.clone();
            after.set(start, end + 1, map);
            Errno expected = expected(model, after, start, end, map);
            RangeSet.Outcome outcome = map ? set.map(base + start, base + end) : set.unmap(base + start, base + end);
            if (expected != null) {
                assertThat(refused(outcome)).as("step %d", step).isEqualTo(expected);
                refusals[expected.number()]++;
            } else {
                set = changed(outcome);
                model = after;
                if (step % 16 == 0) {
                    assertSame(set, model, base, step);
                }
            }
            int first = random.nextInt(universe);
            int last = Math.min(universe - 1, first + random.nextInt(4));
            assertThat(set.contains(base + first, base + last)).isEqualTo(model.nextClearBit(first) > last);
        }
        assertSame(set, model, base, -1);
        assertThat(refusals[Errno.EEXIST.number()]).isPositive();
        assertThat(refusals[Errno.ENOENT.number()]).isPositive();
        assertThat(longest > 1 || refusals[Errno.ENOSPC.number()] > 0)
                .as("limit reached")
                .isTrue();
    }

    private static @Nullable Errno expected(BitSet model, BitSet after, int start, int end, boolean map) {
        int set = model.get(start, end + 1).cardinality();
        if (map && set > 0) {
            return Errno.EEXIST;
        }
        if (!map && set <= end - start) {
            return Errno.ENOENT;
        }
        return runs(after) > 256 ? Errno.ENOSPC : null;
    }

    private static int runs(BitSet bits) {
        int runs = 0;
        for (int i = bits.nextSetBit(0); i >= 0; i = bits.nextSetBit(bits.nextClearBit(i))) {
            runs++;
        }
        return runs;
    }

    private static void assertSame(RangeSet set, BitSet model, long base, int step) {
        int i = 0;
        for (int bit = model.nextSetBit(0); bit >= 0; bit = model.nextSetBit(model.nextClearBit(bit))) {
            assertThat(set.start(i)).as("step %d, range %d", step, i).isEqualTo(base + bit);
            assertThat(set.end(i)).as("step %d, range %d", step, i).isEqualTo(base + model.nextClearBit(bit) - 1);
            i++;
        }
        assertThat(set.size()).isEqualTo(i);
    }
}
