package io.trapline.faults.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.faults.history.Event;
import io.trapline.faults.history.Outcome;
import io.trapline.faults.history.Span;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class MeasuresTest {
    private static final long MILLI = 1_000_000;
    private static final String LEADS = "another coordinator leads";

    private final List<Event> events = new ArrayList<>();

    private static Span span(long startMillis, long endMillis) {
        return new Span(startMillis * MILLI, endMillis * MILLI);
    }

    private void fault(String kind, String effect, long startMillis) {
        events.add(new Event.Fault(kind, "it", false, effect, span(startMillis, startMillis + 2_500)));
    }

    private void access(long startMillis, long endMillis, Outcome outcome) {
        events.add(new Event.Access(1, 0, 1, 1, true, 8, 5, span(startMillis, endMillis), outcome));
    }

    private void claim(long startMillis, long endMillis, Outcome outcome) {
        events.add(new Event.Claim(1, 0, 0, 1, 7, -1, span(startMillis, endMillis), outcome));
    }

    @Test
    void saysTheLongestAccessThatHasAnOutcome() {
        access(0, 40, Outcome.DONE);
        access(0, 90, Outcome.unknown("lost"));

        assertThat(Measures.stalledMillis(events)).isEqualTo(40);
    }

    @Test
    void measuresFromALeadersFaultToTheFirstChangeThatBeganAfterIt() {
        fault("kill-leader", LEADS, 100);
        claim(90, 150, Outcome.DONE);
        claim(120, 130, Outcome.refused("EAGAIN"));
        claim(200, 700, Outcome.DONE);
        claim(800, 810, Outcome.DONE);
        fault("cut-leader", LEADS, 3_000);
        claim(3_100, 4_200, Outcome.DONE);

        assertThat(Measures.coordinator(events)).contains(new Measures.Failover(1_200, 1_200));
        assertThat(Measures.shard(events)).isEmpty();
    }

    @Test
    void measuresFromAPrimarysFaultToTheAccessThatWaitedLongest() {
        fault("kill-primary", "its lease has ended, and " + Fault.TOOK_OVER, 100);
        access(50, 60, Outcome.DONE);
        access(95, 1_400, Outcome.DONE);
        access(99, 1_450, Outcome.DONE);
        access(99, 9_000, Outcome.unknown("ETIMEDOUT"));

        assertThat(Measures.shard(events)).contains(new Measures.Failover(1_350, 1_350));
    }

    @Test
    void doesNotMeasureAPrimaryThatNobodyReplaced() {
        fault("stop-primary", "its lease has ended", 100);
        access(95, 2_700, Outcome.DONE);

        assertThat(Measures.shard(events)).isEmpty();
    }
}
