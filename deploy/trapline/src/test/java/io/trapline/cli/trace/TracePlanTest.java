package io.trapline.cli.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.cli.trace.TracePlan.Range;
import org.junit.jupiter.api.Test;

final class TracePlanTest {
    private final Trace.Builder log = new Trace.Builder(TraceFormat.QEMU);

    @Test
    void joinsTouchedBytesAcrossGapsThatNobodyElseTouches() throws Exception {
        // Given
        touch("uart", 0x3f8, 1);
        touch("uart", 0x3fd, 1);
        touch("rtc", 0x70, 2);
        touch("uart", 0x20, 1);

        // When
        TracePlan plan = TracePlan.of(log.build());

        // Then R2: the range of uart does not pass over rtc
        assertThat(plan.servers().get(0).ranges())
                .containsExactly(new Range(true, 0x20, 0x20), new Range(true, 0x3f8, 0x3fd));
        assertThat(plan.servers().get(1).ranges()).containsExactly(new Range(true, 0x70, 0x71));
    }

    @Test
    void neverJoinsPortsWithMemory() throws Exception {
        touch("both", 0xffff, 1);
        touch("both", 0x10000, 4);

        assertThat(TracePlan.of(log.build()).servers().getFirst().ranges())
                .containsExactly(new Range(true, 0xffff, 0xffff), new Range(false, 0x10000, 0x10003));
    }

    @Test
    void letsDevicesThatTouchACommonByteShareAServer() throws Exception {
        touch("a", 0x100, 4);
        touch("alone", 0x104, 4);
        touch("b", 0x102, 1);
        touch("c", 0x201, 2);
        touch("b", 0x200, 2);

        TracePlan plan = TracePlan.of(log.build());

        assertThat(plan.servers()).hasSize(2);
        assertThat(plan.servers().get(0).devices()).containsExactly(0, 2, 3);
        assertThat(plan.serverOf(1)).isEqualTo(1);
        assertThat(plan.serverOf(3)).isZero();
    }

    @Test
    void refusesMoreServersThanADomainHas() {
        // S1
        for (int device = 0; device <= 64; device++) {
            touch("d" + device, device * 8L, 1);
        }

        assertThatThrownBy(() -> TracePlan.of(log.build()))
                .hasMessageContaining("65 devices")
                .hasMessageContaining("64");
    }

    @Test
    void refusesMoreRangesThanAServerHas() throws Exception {
        // R1: 256 runs of each, never next to one of the same
        for (int run = 0; run < 512; run++) {
            touch(run % 2 == 0 ? "even" : "odd", run * 8L, 1);
        }
        assertThat(TracePlan.of(log.build()).servers().getFirst().ranges()).hasSize(256);

        // When
        touch("even", 512 * 8L, 1);

        // Then
        assertThatThrownBy(() -> TracePlan.of(log.build()))
                .hasMessageContaining("'even' needs 257 ranges")
                .hasMessageContaining("256");
    }

    @Test
    void staysBelowTheLimitOfRangesForTheSample() throws Exception {
        Trace trace = TraceReader.read(TraceReaderTest.sample("linux-boot.qemu-trace.gz"), false)
                .trace();

        TracePlan plan = TracePlan.of(trace);

        assertThat(plan.servers()).hasSize(39);
        int lowmem = trace.deviceNames().indexOf("vga-lowmem");
        assertThat(plan.servers().get(plan.serverOf(lowmem)).ranges())
                .containsExactly(new Range(false, 0xa0000, 0xbffff));
    }

    private void touch(String device, long at, int sizeBytes) {
        log.add(device, 0, true, sizeBytes, at, 0);
    }
}
