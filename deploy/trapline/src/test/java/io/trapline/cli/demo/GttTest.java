package io.trapline.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class GttTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 7})
    void givesEachEntryToOneVcpu(int vcpus) {
        Gtt gtt = new Gtt(0x4000, 16, 65_536, vcpus);
        BitSet seen = new BitSet();

        for (int vcpu = 0; vcpu < vcpus; vcpu++) {
            for (int place = 0; place < gtt.entriesOf(vcpu); place++) {
                int entry = gtt.entryOf(vcpu, place);
                assertThat(seen.get(entry)).isFalse();
                seen.set(entry);
            }
        }

        assertThat(seen.cardinality()).isEqualTo(gtt.entries()).isEqualTo(16 * 512);
        assertThat(seen.length()).isEqualTo(gtt.entries());
    }

    @Test
    void findsTheEntryOfAnAddress() {
        Gtt gtt = new Gtt(0x4000, 2, 65_536, 1);

        assertThat(gtt.entryAt(gtt.gpa(1023))).isEqualTo(1023);
        assertThat(gtt.entryAt(gtt.gpa(0) - 8)).isEqualTo(-1);
        assertThat(gtt.entryAt(gtt.gpa(0) + 4)).isEqualTo(-1);
        assertThat(gtt.entryAt(gtt.gpa(1024))).isEqualTo(-1);
    }

    @Test
    void translatesWhatIsValidAndPointsTheRestToTheScratchPage() {
        Gtt gtt = new Gtt(0x4000, 2, 65_536, 1);
        SplittableRandom random = new SplittableRandom(1);
        int valid = 0;
        int negative = 0;
        for (int i = 0; i < 100_000; i++) {
            long entry = gtt.entryFrom(random.nextLong());
            valid += gtt.isValid(entry) ? 1 : 0;
            negative += entry < 0 ? 1 : 0;
            assertThat(gtt.shadowOf(entry)).isNotEqualTo(entry);
        }

        assertThat(valid).isBetween(99_000, 99_999);
        assertThat(negative).isBetween(45_000, 55_000);
        assertThat(gtt.isValid(0)).isFalse();
        assertThat(gtt.isValid(1L << 60 | 1)).isFalse();
        assertThat(gtt.shadowOf(0)).isEqualTo(gtt.shadowOf(65_536L << 12 | 1));
    }
}
