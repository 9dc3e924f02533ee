package io.trapline.faults.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.faults.history.Outcome;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Who holds what (C2, C5, C6, C8). */
final class ClaimingTest {
    private final Story story = new Story();

    @Test
    void acceptsOneHolderAfterTheOther() {
        story.claim(1, 0, 2, 10, 10, 20)
                .busy(2, 0, 1, 30, 40)
                .listed(Map.of(0, 1), 41, 42)
                .release(1, 0, 11, 50, 60)
                .claim(2, 0, 3, 12, 55, 70)
                .listed(Map.of(0, 2), 80, 90)
                .release(2, 0, 13, 100, 110)
                .listed(Map.of(), 120, 130);

        assertThat(story.broken()).isEmpty();
    }

    @Test
    void acceptsDifferentTypesAndDomainsAtOneTime() {
        story.claim(1, 0, 2, 10, 10, 20).claim(2, 1, 2, 11, 10, 20);

        assertThat(story.broken()).isEmpty();
    }

    @Test
    void refusesTwoHoldersAtOneTime() {
        story.claim(1, 0, 2, 10, 10, 20).claim(2, 0, 2, 11, 30, 40).release(1, 0, 12, 50, 60);

        assertThat(story.broken()).contains("C2");
        assertThat(story.check().findings().getFirst().message()).contains("at one time: 1 and 2");
    }

    @Test
    @DisplayName("C2: also where the clock says nothing, since the calls overlap, and the registry's numbers do")
    void refusesTwoHoldersByTheirEpochs() {
        story.claim(1, 0, 2, 10, 10, 100)
                .claim(2, 0, 2, 11, 10, 100)
                .release(1, 0, 12, 10, 100)
                .release(2, 0, 13, 90, 110);

        assertThat(story.broken()).contains("C2");
    }

    @Test
    void refusesASecondClaimByTheHolderItself() {
        story.claim(1, 0, 2, 10, 10, 20).claim(1, 0, 3, 11, 30, 40);

        assertThat(story.broken()).containsExactly("C2");
    }

    @Test
    void acceptsAClaimAfterAReleaseOfWhichNobodyKnows() {
        story.claim(1, 0, 2, 10, 10, 20)
                .releaseOf(1, 0, false, 0, 30, 40, Outcome.unknown("no answer"))
                .claim(2, 0, 2, 15, 50, 60)
                .listed(Map.of(0, 2), 70, 80);

        assertThat(story.broken()).isEmpty();
    }

    @Test
    void refusesARefusalOfWhatIsFree() {
        story.claim(1, 0, 2, 10, 10, 20).release(1, 0, 11, 30, 40).busy(2, 0, 1, 50, 60);

        assertThat(story.broken()).containsExactly("C2, C5");
    }

    @Test
    void refusesARefusalThatNamesSomebodyElse() {
        story.claim(1, 0, 2, 10, 10, 20).claim(3, 1, 2, 11, 10, 20).busy(2, 0, 3, 50, 60);

        assertThat(story.broken()).containsExactly("C2, C5");
    }

    @Test
    void acceptsARefusalByAClaimOfWhichNobodyKnows() {
        story.claimUnknown(1, 0, 2, 10).busy(2, 0, 1, 50, 60).listed(Map.of(), 70, 80);

        assertThat(story.broken()).isEmpty();
    }

    @Test
    void refusesThatAnAcknowledgedClaimIsNotListed() {
        story.claim(1, 0, 2, 10, 10, 20).listed(Map.of(), 30, 40);

        assertThat(story.broken()).containsExactly("C6, C8");
    }

    @Test
    void refusesThatAReleasedClaimIsListed() {
        story.claim(1, 0, 2, 10, 10, 20).release(1, 0, 11, 30, 40).listed(Map.of(0, 1), 50, 60);

        assertThat(story.broken()).containsExactly("C8");
    }

    @Test
    void refusesThatTheHolderIsToldThatItHoldsNothing() {
        story.claim(1, 0, 2, 10, 10, 20).releaseOf(1, 0, false, 0, 30, 40, Outcome.refused("EINVAL"));

        assertThat(story.broken()).containsExactly("C5, C6");
    }

    @Test
    void refusesARevisionThatIsGivenOutTwice() {
        story.claim(1, 0, 2, 10, 10, 20).claim(2, 1, 2, 10, 10, 20);

        assertThat(story.broken()).containsExactly("V-12");
    }

    @Test
    void refusesARevisionBelowOneThatWasReturned() {
        story.claim(1, 0, 2, 10, 10, 20).claim(2, 1, 2, 9, 30, 40);

        assertThat(story.broken()).containsExactly("C6, V-12");
    }
}
