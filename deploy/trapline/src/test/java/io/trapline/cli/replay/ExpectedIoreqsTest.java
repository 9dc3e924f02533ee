package io.trapline.cli.replay;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.cli.trace.Trace;
import io.trapline.cli.trace.Traces;
import org.junit.jupiter.api.Test;

final class ExpectedIoreqsTest {
    @Test
    void passesAnAccessWithinAPageOnWhole() throws Exception {
        Trace trace = Traces.of("write cpu 0 mr 0x1 addr 0x20ff8 value 0x8877665544332211 size 8 name 'd'");

        ExpectedIoreqs expected = ExpectedIoreqs.of(trace);

        assertThat(expected.size()).isEqualTo(1);
        assertThat(expected.sizeBytes(0)).isEqualTo(8);
        assertThat(expected.data(0)).isEqualTo(0x8877665544332211L);
    }

    @Test
    void cutsAnAccessThatCrossesAPageAsXenDoes() throws Exception {
        // A2: largest power of two first, lower address first
        Trace trace = Traces.of(
                "read cpu 0 mr 0x1 addr 0x20ff8 value 0x1 size 1 name 'd'",
                "write cpu 0 mr 0x1 addr 0x20ffd value 0x8877665544332211 size 8 name 'd'",
                "read cpu 0 mr 0x1 addr 0x21000 value 0x2 size 1 name 'd'");

        ExpectedIoreqs expected = ExpectedIoreqs.of(trace);

        assertThat(expected.size()).isEqualTo(6);
        assertThat(expected.first(1)).isEqualTo(1);
        assertThat(expected.parts(1)).isEqualTo(4);
        part(expected, 1, 0x20ffd, 2, 0x2211);
        part(expected, 2, 0x20fff, 1, 0x33);
        part(expected, 3, 0x21000, 4, 0x77665544);
        part(expected, 4, 0x21004, 1, 0x88);
        assertThat(expected.access(4)).isEqualTo(1);
        assertThat(expected.access(5)).isEqualTo(2);
    }

    @Test
    void neverCutsPorts() throws Exception {
        Trace trace = Traces.of("read cpu 0 mr 0x1 addr 0xfff value 0x1 size 4 name 'd'");

        assertThat(ExpectedIoreqs.of(trace).size()).isEqualTo(1);
    }

    private static void part(ExpectedIoreqs expected, int ioreq, long address, int sizeBytes, long data) {
        assertThat(expected.address(ioreq)).isEqualTo(address);
        assertThat(expected.sizeBytes(ioreq)).isEqualTo(sizeBytes);
        assertThat(expected.data(ioreq)).isEqualTo(data);
    }
}
