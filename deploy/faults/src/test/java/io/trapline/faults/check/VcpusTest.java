package io.trapline.faults.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.faults.history.Event;
import io.trapline.faults.history.Outcome;
import io.trapline.faults.history.Span;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Who runs a vCPU (A6), and what no guest is to be told (A1, A4). */
final class VcpusTest {
    private final Story story = new Story();

    private void opened(long epoch, long start, long end) {
        story.add(new Event.Opened(Story.DOMID, 0, epoch, new Span(start, end)));
    }

    @Test
    @DisplayName("A6: what begins under an epoch that is over is not carried out")
    void refusesAnAccessOfWhoWasFenced() {
        opened(100, 0, 1);
        opened(200, 10, 20);
        story.write(0, 1, 5, 30, 40);

        assertThat(story.broken()).containsExactly("A6");
    }

    @Test
    void acceptsAnAccessThatIsUnderWayWhileTheVcpuIsOpenedAnew() {
        opened(100, 0, 1);
        opened(200, 10, 20);
        story.write(0, 1, 5, 15, 40);

        assertThat(story.broken()).isEmpty();
    }

    @Test
    void refusesAnEpochBelowTheOneBefore() {
        opened(200, 0, 1);
        opened(100, 10, 20);

        assertThat(story.broken()).containsExactly("C6, V-12");
    }

    @Test
    void refusesThatAGuestIsToldOfAGap() {
        story.writeOf(0, 1, 5, 10, Outcome.refused("EINVAL"));

        assertThat(story.broken()).containsExactly("A1, A4");
    }
}
