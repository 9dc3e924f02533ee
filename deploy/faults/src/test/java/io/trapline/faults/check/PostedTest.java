package io.trapline.faults.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.faults.history.Event;
import io.trapline.faults.history.Outcome;
import io.trapline.faults.history.Span;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Posted writes (F3): they take effect for the guest before they do in the page. */
final class PostedTest {
    private static final long RUN = 0xAA;

    private final Story story = new Story();

    @BeforeEach
    void serverOneClaimsWrites() {
        story.type(0, 1, 2).enable(1, true, 3, 4).claim(1, 0, Story.WRITE, 10, 10, 20);
    }

    private static Event.Access post(long sequence, long value, long start, long end) {
        return new Event.Access(
                Story.DOMID,
                0,
                100,
                sequence,
                true,
                Story.WORD,
                1,
                false,
                true,
                value,
                new Span(start, end),
                Outcome.DONE);
    }

    private Story carriedOut(Event.Access access, long start, long end) {
        return story.add(new Event.CarriedOut(
                Story.DOMID,
                1,
                RUN,
                0,
                100,
                access.sequence(),
                0,
                false,
                false,
                true,
                Story.WORD,
                access.value(),
                new Span(start, end)));
    }

    private Story allReleased(long time) {
        return story.add(new Event.AllReleased(Story.DOMID, new Span(time, time)));
    }

    @Test
    void acceptsThatItIsSeenOnlyOnceItIsCarriedOut() {
        Event.Access post = post(1, 5, 30, 40);
        story.add(post).read(1, 1, 0, 50, 60);
        carriedOut(post, 70, 80).read(1, 2, 5, 90, 100);

        assertThat(story.broken()).isEmpty();
    }

    @Test
    void acceptsThatItsOwnVcpuReadsThePageBefore() {
        Event.Access post = post(1, 5, 30, 40);
        story.add(post).read(0, 2, 0, 50, 60);
        carriedOut(post, 70, 80);

        assertThat(story.broken()).isEmpty();
    }

    @Test
    void acceptsThatTheAccessBeforeItIsStillAtWorkWhenItIsQueued() {
        Event.Access slow = Story.access(0, 1, true, 5, 30, 200);
        Event.Access post = post(2, 6, 31, 40);
        story.add(slow).add(post).read(1, 1, 0, 50, 60);
        carriedOut(slow, 70, 80);
        carriedOut(post, 90, 100).read(1, 2, 6, 110, 120);

        assertThat(story.broken()).isEmpty();
    }

    @Test
    void refusesThatItIsNotSeenOnceItWasCarriedOut() {
        Event.Access post = post(1, 5, 30, 40);
        carriedOut(post, 70, 80).add(post).read(1, 1, 0, 90, 100);

        assertThat(story.broken()).containsExactly("A3, A4");
    }

    @Test
    @DisplayName("F3: what is posted is not lost: it is there once nobody holds the type any more")
    void refusesAPostedWriteThatIsLost() {
        story.add(post(1, 5, 30, 40)).release(1, 0, 11, 50, 60);
        allReleased(70).read(1, 1, 0, 80, 90);

        assertThat(story.broken()).containsExactly("A3, A4");
    }

    @Test
    void acceptsOneThatCameBackAndWasWrittenByThePage() {
        story.add(post(1, 5, 30, 40)).release(1, 0, 11, 50, 60).read(1, 1, 0, 55, 56);
        allReleased(70).read(1, 2, 5, 80, 90);

        assertThat(story.broken()).isEmpty();
    }

    @Test
    @DisplayName("F3: it reaches the emulator before any later access of its vCPU")
    void refusesThatALaterAccessOvertakesIt() {
        Event.Access post = post(1, 5, 30, 40);
        Event.Access later = Story.access(0, 2, true, 6, 50, 100);
        story.add(post).add(later);
        carriedOut(later, 60, 65);
        carriedOut(post, 70, 80);

        assertThat(story.broken()).contains("F3");
    }

    @Test
    void refusesThatALaterWriteOfItsVcpuIsOverwritten() {
        story.add(post(1, 5, 30, 40)).write(0, 2, 6, 60, 70).release(1, 0, 11, 50, 80);
        allReleased(90).read(1, 1, 5, 100, 110);

        assertThat(story.broken()).containsExactly("A3, A4");
    }

    @Test
    void isAnAccessLikeAnyOtherWhereNoServerCanHaveIt() {
        story.release(1, 0, 11, 21, 25).add(post(1, 5, 30, 40)).read(1, 1, 0, 50, 60);

        assertThat(story.broken()).containsExactly("A3, A4");
    }

    @Test
    void acceptsThatOneOfWhichNobodyKnowsIsCarriedOutThoughItsVcpuWasOpenedAnew() {
        story.add(new Event.Access(
                        Story.DOMID,
                        0,
                        100,
                        1,
                        true,
                        Story.WORD,
                        1,
                        false,
                        true,
                        5,
                        new Span(30, 40),
                        Outcome.unknown("ESTALE")))
                .add(new Event.Opened(Story.DOMID, 0, 200, new Span(41, 50)))
                .read(1, 1, 0, 60, 70)
                .read(1, 2, 5, 80, 90);

        assertThat(story.broken()).isEmpty();
    }
}
