package io.trapline.cli.replay;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.cli.replay.Findings.Passed;
import io.trapline.cli.trace.Trace;
import io.trapline.cli.trace.Traces;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

final class FindingsTest {
    private final Trace trace = Traces.of(
            "write cpu 0 mr 0x1 addr 0x70 value 0x8f size 1 name 'index'",
            "read cpu 0 mr 0x2 addr 0x71 value 0x12 size 1 name 'data'",
            "read cpu 0 mr 0x2 addr 0x71 value 0x34 size 1 name 'data'");
    private final Findings findings = new Findings(trace, ExpectedIoreqs.of(trace));
    private final Passed write = new Passed(true, true, 0x70, 1, 0x8f);
    private final Passed read = new Passed(true, false, 0x71, 1, 0);

    @Test
    void findsNothingWhereAllIsAsRecorded() throws Exception {
        assertThat(findings.passed(0, 0, write, List.of(0))).isEqualTo(0x8f);
        assertThat(findings.passed(1, 0, read, List.of(1))).isEqualTo(0x12);
        assertThat(findings.passed(2, 0, read, List.of(1))).isEqualTo(0x34);
        findings.answered(0, 0);
        findings.answered(1, 0x12);
        findings.answered(2, 0x34);

        assertThat(findings.awaitAnswered(3, Duration.ZERO)).isTrue();
        assertThat(findings.awaitAnswered(4, Duration.ofMillis(1))).isFalse();
        assertThat(findings.forwarded(0)).isEqualTo(1);
        assertThat(findings.forwarded(1)).isEqualTo(2);
        assertThat(wrong()).isZero();
        assertThat(findings.described()).isEmpty();
    }

    @Test
    void noticesAnAccessThatOvertookAnother() {
        findings.passed(0, 0, write, List.of(0));
        findings.passed(2, 0, read, List.of(1));
        findings.passed(1, 0, read, List.of(1));

        assertThat(findings.orderViolations(1)).isEqualTo(2);
        assertThat(findings.described().getFirst())
                .contains("access 3 of the log")
                .contains("access 2 of the log");
    }

    @Test
    void noticesAnAccessThatIsPassedTwice() {
        findings.passed(0, 0, write, List.of(0));
        findings.passed(0, 0, write, List.of(0));

        assertThat(findings.orderViolations(0)).isEqualTo(1);
        assertThat(findings.forwarded(0)).isEqualTo(1);
    }

    @Test
    void noticesAnotherContent() {
        findings.passed(0, 0, new Passed(true, true, 0x70, 1, 0x8e), List.of(0));
        findings.passed(1, 0, new Passed(true, false, 0x71, 2, 0), List.of(1));
        findings.passed(2, 0, new Passed(false, false, 0x71, 1, 0), List.of(1));

        assertThat(findings.mismatches(0)).isEqualTo(1);
        assertThat(findings.mismatches(1)).isEqualTo(2);
    }

    @Test
    void noticesAnAccessAtAnotherDevice() {
        findings.passed(0, 0, write, List.of(1));

        assertThat(findings.mismatches(0)).isEqualTo(1);
    }

    @Test
    void noticesWhatIsNotInTheLog() {
        findings.passed(3, 0, read, List.of(1));
        findings.passed(0, 1, write, List.of(0));
        findings.passed(-1, 0, write, List.of(0));

        assertThat(findings.mismatches(0) + findings.mismatches(1)).isEqualTo(3);
    }

    @Test
    void noticesAnotherAnswerAndAFailure() {
        findings.answered(1, 0x13);
        findings.failed(0, "ETIMEDOUT");

        assertThat(findings.mismatches(1)).isEqualTo(1);
        assertThat(findings.mismatches(0)).isEqualTo(1);
        assertThat(findings.answered()).isEqualTo(2);
        assertThat(findings.described().get(1)).contains("index failed").contains("ETIMEDOUT");
    }

    private long wrong() {
        long wrong = 0;
        for (int device = 0; device < trace.deviceNames().size(); device++) {
            wrong += findings.mismatches(device) + findings.orderViolations(device);
        }
        return wrong;
    }
}
