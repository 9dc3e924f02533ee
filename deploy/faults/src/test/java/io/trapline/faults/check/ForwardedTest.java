package io.trapline.faults.check;

import static io.trapline.faults.check.Story.access;
import static io.trapline.faults.check.Story.ioreq;
import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.faults.history.Event;
import io.trapline.faults.history.Outcome;
import io.trapline.faults.history.Span;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What emulators are passed (rule 0, C4, C7, A4, F2, F6), and what is promised of a run as a whole (D4, G-1). */
final class ForwardedTest {
    private static final long RUN = 0xAA;

    private final Event.Access write = access(0, 1, true, 5, 100, 110);
    private final Story story = new Story();

    @BeforeEach
    void serverOneClaimsWrites() {
        story.type(0, 1, 2).enable(1, true, 3, 4).claim(1, 0, Story.WRITE, 10, 10, 20);
    }

    @Test
    void acceptsAnAccessThatTheHolderCarriesOut() {
        story.add(write).add(ioreq(1, RUN, write, 5, false)).read(1, 1, 5, 120, 130);

        assertThat(story.broken()).isEmpty();
    }

    @Test
    @DisplayName("C4: no access goes past a claim that was acknowledged before it began")
    void refusesAnAccessPastTheClaim() {
        story.add(write);

        assertThat(story.broken()).containsExactly("rule 0, C4");
    }

    @Test
    void acceptsAnAccessPastAClaimOfTheOtherDirection() {
        story.read(0, 1, 0, 100, 110);

        assertThat(story.broken()).isEmpty();
    }

    @Test
    void acceptsAnAccessPastTheClaimWhileItIsReleased() {
        story.add(write).release(1, 0, 11, 105, 200);

        assertThat(story.broken()).isEmpty();
    }

    @Test
    void acceptsAnAccessPastTheClaimWhileTheServerIsDisabled() {
        story.add(write).enable(1, false, 105, 200);

        assertThat(story.broken()).isEmpty();
    }

    @Test
    void acceptsAnAccessPastTheClaimWhileThePageIsUntyped() {
        story.add(write).type(-1, 105, 200);

        assertThat(story.broken()).isEmpty();
    }

    @Test
    void acceptsAnAccessPastAClaimThatWasReset() {
        story.releaseOf(1, 0, true, 11, 30, 40, Outcome.DONE)
                .claim(1, 0, Story.WRITE, 12, 50, 60)
                .add(write);

        assertThat(story.broken()).isEmpty();
    }

    @Test
    @DisplayName("C4: once the release has returned the server is passed nothing more")
    void refusesAnAccessThatAServerIsPassedAfterItsRelease() {
        story.release(1, 0, 11, 50, 60).add(write).add(ioreq(1, RUN, write, 5, false));

        assertThat(story.broken()).containsExactly("C4, C7");
    }

    @Test
    void refusesAnAccessThatAnotherServerIsPassed() {
        story.enable(2, true, 3, 4).claim(2, 1, Story.WRITE, 11, 10, 20);
        story.add(write).add(ioreq(1, RUN, write, 5, false)).add(ioreq(2, RUN, write, 5, false));

        assertThat(story.broken()).containsExactly("C4, C7");
    }

    @Test
    void refusesAnAccessThatADisabledServerIsPassed() {
        story.enable(1, false, 50, 60).add(write).add(ioreq(1, RUN, write, 5, false));

        assertThat(story.broken()).containsExactly("C4, C7");
    }

    @Test
    @DisplayName("A4: a run carries an access out at most once")
    void refusesARunThatCarriesOutTwice() {
        story.add(write).add(ioreq(1, RUN, write, 5, false)).add(ioreq(1, RUN, write, 5, true));

        assertThat(story.broken()).containsExactly("A4, F6");
    }

    @Test
    void acceptsThatWhatWasGivenUpIsCarriedOutLater() {
        story.add(write)
                .add(new Event.CarriedOut(
                        Story.DOMID, 1, RUN, 0, 100, 1, 0, false, true, true, Story.WORD, 5, new Span(101, 102)))
                .add(ioreq(1, RUN, write, 5, false));

        assertThat(story.broken()).isEmpty();
    }

    @Test
    @DisplayName("F6: another run is told that it may have been carried out")
    void refusesASecondRunThatIsNotTold() {
        story.add(write).add(ioreq(1, RUN, write, 5, false)).add(ioreq(1, 0xBB, write, 5, false));

        assertThat(story.broken()).containsExactly("F6");
    }

    @Test
    void acceptsASecondRunThatIsTold() {
        story.add(write).add(ioreq(1, RUN, write, 5, false)).add(ioreq(1, 0xBB, write, 5, true));

        assertThat(story.broken()).isEmpty();
        assertThat(story.check().redelivered()).isEqualTo(1);
    }

    @Test
    void refusesASecondRunThatIsNotToldOfWhatWasDecidedAgainInBetween() {
        Event.Access slow = access(0, 1, true, 5, 100, 200);
        story.type(-1, 120, 125).type(0, 130, 135).add(slow);
        story.add(ioreq(1, RUN, access(0, 1, true, 5, 110, 115), 5, false))
                .add(ioreq(1, 0xBB, access(0, 1, true, 5, 150, 155), 5, false));

        assertThat(story.broken()).containsExactly("F6");
    }

    @Test
    void refusesAnIoreqThatNoGuestHasSent() {
        story.add(ioreq(1, RUN, write, 5, false));

        assertThat(story.broken()).containsExactly("A4, F6");
    }

    @Test
    void refusesAnIoreqWithOtherContent() {
        story.add(write).add(ioreq(1, RUN, access(0, 1, true, 6, 100, 110), 6, false));

        assertThat(story.broken()).contains("A2, F6");
    }

    @Test
    @DisplayName("F2: a read's outcome is what the emulator answered")
    void refusesAnotherOutcomeThanTheAnswer() {
        Event.Access read = access(0, 1, false, 0, 100, 110);
        story.claim(1, 1, Story.READ, 11, 25, 30).type(-1, 31, 32).type(1, 33, 34);
        story.add(read).add(ioreq(1, RUN, read, 7, false));

        assertThat(story.broken()).containsExactly("F2, A4");
    }

    @Test
    @DisplayName("A4: an access has one outcome")
    void refusesTwoOutcomes() {
        story.add(write).add(write).add(ioreq(1, RUN, write, 5, false));

        assertThat(story.broken()).contains("A4");
    }

    @Test
    @DisplayName("D4: no memory is lost")
    void refusesThatMemoryIsLost() {
        story.memory(false, 0, 100, 110, Outcome.refused("EIO"));

        assertThat(story.broken()).containsExactly("D4");
    }

    @Test
    void refusesThatSomethingFailsOnceNothingIsBroken() {
        story.memory(false, 0, 100, 110, Outcome.refused("EAGAIN"))
                .add(new Event.Healed(new Span(120, 120)))
                .memory(false, 0, 130, 140, Outcome.DONE);
        assertThat(story.broken()).isEmpty();

        story.memory(false, 0, 150, 160, Outcome.refused("EAGAIN"));
        assertThat(story.broken()).containsExactly("G-1");
    }

    @Test
    void doesNotDecideWhatIsCutShort() {
        story.add(new Event.CutShort(new Span(100, Span.NEVER)));

        assertThat(story.broken()).containsExactly(Finding.UNDECIDED);
    }

    @Test
    void countsWhatNobodyKnows() {
        story.writeOf(0, 1, 5, 100, Outcome.unknown("connection lost"));

        assertThat(story.check().operations()).isEqualTo(4);
        assertThat(story.check().unknown()).isEqualTo(1);
        assertThat(story.check().isFaultless()).isTrue();
    }
}
