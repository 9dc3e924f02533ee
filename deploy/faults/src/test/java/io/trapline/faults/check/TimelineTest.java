package io.trapline.faults.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.faults.history.Outcome;
import io.trapline.faults.history.Span;
import org.junit.jupiter.api.Test;

final class TimelineTest {
    private static final Outcome UNKNOWN = Outcome.unknown("no answer");

    private final Timeline<String> timeline = new Timeline<>("a");

    private Intervals certainly(String value) {
        return timeline.certainly(value::equals);
    }

    private Intervals perhaps(String value) {
        return timeline.perhaps(value::equals);
    }

    @Test
    void isCertainBetweenCalls() {
        timeline.change(new Span(10, 20), "b", Outcome.DONE);
        timeline.change(new Span(30, 40), "a", Outcome.DONE);

        assertThat(certainly("a").cover(new Span(-5, 9))).isTrue();
        assertThat(certainly("a").cover(new Span(-5, 10))).isFalse();
        assertThat(certainly("b").cover(new Span(21, 29))).isTrue();
        assertThat(certainly("b").meet(new Span(0, 20))).isFalse();
        assertThat(certainly("a").cover(new Span(41, 1000))).isTrue();
    }

    @Test
    void mayBeEitherDuringACall() {
        timeline.change(new Span(10, 20), "b", Outcome.DONE);

        assertThat(perhaps("a").meet(new Span(20, 20))).isTrue();
        assertThat(perhaps("a").meet(new Span(21, 30))).isFalse();
        assertThat(perhaps("b").meet(new Span(0, 9))).isFalse();
        assertThat(perhaps("b").meet(new Span(0, 10))).isTrue();
    }

    @Test
    void isUncertainForEverAfterACallOfWhichNobodyKnows() {
        timeline.change(new Span(10, 20), "b", UNKNOWN);
        timeline.change(new Span(30, 40), "c", Outcome.DONE);

        assertThat(certainly("a").cover(new Span(0, 9))).isTrue();
        assertThat(certainly("c").spans()).isEmpty();
        assertThat(perhaps("b").meet(new Span(500, 500))).isTrue();
        assertThat(perhaps("a").meet(new Span(41, 50))).isFalse();
    }

    @Test
    void whatIsRefusedChangesNothing() {
        timeline.change(new Span(10, 20), "b", Outcome.refused("EBUSY"));

        assertThat(certainly("a").cover(new Span(0, 100))).isTrue();
        assertThat(perhaps("b").spans()).isEmpty();
    }

    @Test
    void callsAtOneTimeLeaveNothingCertain() {
        timeline.change(new Span(10, 30), "b", Outcome.DONE);
        timeline.change(new Span(20, 40), "c", Outcome.DONE);

        assertThat(certainly("b").spans()).isEmpty();
        assertThat(certainly("c").spans()).isEmpty();
        assertThat(perhaps("b").meet(new Span(100, 100))).isTrue();
        assertThat(perhaps("c").meet(new Span(100, 100))).isTrue();
    }
}
