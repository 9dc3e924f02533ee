package io.trapline.faults.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.faults.history.Event;
import io.trapline.faults.history.Outcome;
import io.trapline.faults.history.Span;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The lives of domains (D1, D4, S4). */
final class LivesTest {
    private static final int LATER = 1_000_001;
    private final Story story = new Story();

    private Story created(int domid, int id, long generation, boolean replicated, long start, long end) {
        return story.add(new Event.Created(domid, id, generation, replicated, new Span(start, end), Outcome.DONE));
    }

    private Story destroyed(int domid, long revision, long start, long end) {
        return story.add(new Event.Destroyed(domid, revision, new Span(start, end), Outcome.DONE));
    }

    private Story broken(boolean endsNodes) {
        return story.add(new Event.Fault("fault", "somebody", endsNodes, "it is gone", new Span(10, 20)));
    }

    @Test
    void acceptsOneLifeOfAnIdAfterTheOther() {
        created(Story.DOMID, 1, 50, false, 0, 1).write(0, 1, 5, 10, 20);
        destroyed(Story.DOMID, 101, 30, 40).writeOf(0, 2, 6, 50, Outcome.refused("ESRCH"));
        created(LATER, 1, 102, false, 45, 60)
                .add(new Event.Memory("operator", LATER, false, Story.WORD, 0, new Span(70, 80), Outcome.DONE));

        assertThat(story.broken()).isEmpty();
    }

    @Test
    @DisplayName("D1: a new domain has nothing of the one that had its id before")
    void refusesThatALifeSeesWhatAnotherHasWritten() {
        story.write(0, 1, 5, 10, 20);
        destroyed(Story.DOMID, 101, 30, 40);
        created(LATER, 1, 102, false, 50, 60)
                .add(new Event.Memory("operator", LATER, false, Story.WORD, 5, new Span(70, 80), Outcome.DONE));

        assertThat(story.broken()).containsExactly("A4, T3");
    }

    @Test
    @DisplayName("rule 0: nothing takes effect in a domain whose destruction has returned")
    void refusesAnAccessOfADomainThatIsDestroyed() {
        destroyed(Story.DOMID, 101, 10, 20).write(0, 1, 5, 30, 40);

        assertThat(story.broken()).containsExactly("rule 0, D1, S4");
    }

    @Test
    void refusesAnEmulatorsWorkForADomainThatIsDestroyed() {
        story.type(0, 1, 2).enable(1, true, 3, 4).claim(1, 0, Story.WRITE, 5, 5, 6);
        Event.Access slow = Story.access(0, 1, true, 5, 10, 50);
        destroyed(Story.DOMID, 101, 15, 20)
                .add(slow)
                .add(Story.ioreq(1, 7, Story.access(0, 1, true, 5, 30, 40), 5, false));

        assertThat(story.broken()).contains("rule 0, D1, S4");
    }

    @Test
    void acceptsWhatIsUnderWayWhileADomainIsDestroyed() {
        destroyed(Story.DOMID, 101, 10, 20).write(0, 1, 5, 15, 30);

        assertThat(story.broken()).isEmpty();
    }

    @Test
    void refusesThatADomainIsNotThere() {
        created(Story.DOMID, 1, 50, false, 0, 1).writeOf(0, 1, 5, 10, Outcome.refused("ESRCH"));
        destroyed(Story.DOMID, 101, 20, 30);

        assertThat(story.broken()).containsExactly("D1");
    }

    @Test
    void refusesThatAGuestIsToldSoToo() {
        created(Story.DOMID, 1, 50, false, 0, 1).writeOf(0, 1, 5, 10, Outcome.unknown("ESRCH"));

        assertThat(story.broken()).containsExactly("D1");
    }

    @Test
    void refusesASecondDomainUnderAnIdThatIsTaken() {
        created(Story.DOMID, 1, 50, false, 0, 1);
        created(LATER, 1, 60, false, 10, 20);
        destroyed(Story.DOMID, 101, 30, 40);

        assertThat(story.broken()).containsExactly("D1");
    }

    @Test
    void acceptsASecondDomainWhoseIdIsFreedMeanwhile() {
        created(Story.DOMID, 1, 50, false, 0, 1);
        destroyed(Story.DOMID, 101, 10, 40);
        created(LATER, 1, 102, false, 20, 30);

        assertThat(story.broken()).isEmpty();
    }

    @Test
    @DisplayName("D4: memory with a second copy is not lost")
    void refusesThatReplicatedMemoryIsLost() {
        created(Story.DOMID, 1, 50, true, 0, 1);
        broken(true).memory(false, 0, 20, 30, Outcome.refused("EIO"));

        assertThat(story.broken()).containsExactly("D4");
    }

    @Test
    void acceptsThatASingleCopyIsLostWithItsNode() {
        created(Story.DOMID, 1, 50, false, 0, 1);
        broken(true).memory(false, 0, 20, 30, Outcome.refused("EIO"));

        assertThat(story.broken()).isEmpty();
    }

    @Test
    void refusesThatASingleCopyIsLostWhereNoNodeHasEnded() {
        created(Story.DOMID, 1, 50, false, 0, 1);
        broken(false).memory(false, 0, 20, 30, Outcome.refused("EIO"));

        assertThat(story.broken()).containsExactly("D4");
    }

    @Test
    @DisplayName("D4: a domain that lost memory is CRASHED, never quietly zero")
    void refusesAnAnswerAfterTheLoss() {
        created(Story.DOMID, 1, 50, false, 0, 1);
        broken(true).memory(false, 0, 20, 30, Outcome.refused("EIO")).memory(false, 0, 40, 50, Outcome.DONE);

        assertThat(story.broken()).containsExactly("D4");
    }

    @Test
    void expectsNothingOfADomainThatIsGone() {
        created(Story.DOMID, 1, 50, false, 0, 1).add(new Event.Healed(new Span(5, 5)));
        destroyed(Story.DOMID, 101, 10, 20).writeOf(0, 1, 5, 15, Outcome.refused("ESRCH"));

        assertThat(story.broken()).isEmpty();
    }
}
