package io.trapline.faults.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.faults.history.Event;
import io.trapline.faults.history.Outcome;
import io.trapline.faults.history.Reps;
import io.trapline.faults.history.Span;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Accesses of several repetitions (A1, A2). The words are the last two of a page of ioreq_server[0] and the first two of the next, of ioreq_server[1]. */
final class RepeatedTest {
    private static final long RUN = 0xAA;
    private static final long FIRST = 0x10FF0;
    private static final long LAST = 0x11008;

    private final Story story = new Story();

    @BeforeEach
    void twoPagesOfTwoServers() {
        typed(0x10, 0).enable(1, true, 3, 4).claim(1, 0, 3, 10, 10, 20);
        typed(0x11, 1).enable(2, true, 3, 4).claim(2, 1, 3, 11, 10, 20);
    }

    private Story typed(long gfn, int x) {
        return story.add(new Event.Typing(Story.DOMID, gfn, 1, x, new Span(1, 2), Outcome.DONE));
    }

    private static Event.Access rep(boolean write, boolean df, long value) {
        return new Event.Access(
                Story.DOMID,
                0,
                100,
                1,
                write,
                df ? LAST : FIRST,
                4,
                df,
                false,
                value,
                new Span(100, 200),
                Outcome.DONE);
    }

    private static Event.CarriedOut part(int server, int part, boolean write, Reps reps, long value) {
        return new Event.CarriedOut(
                Story.DOMID,
                server,
                RUN,
                0,
                100,
                1,
                part,
                false,
                false,
                write,
                reps.first(),
                reps.count(),
                reps.df(),
                value,
                new Span(110 + part, 115 + part));
    }

    private Story memory(long address, long value) {
        return story.add(
                new Event.Memory("operator", Story.DOMID, false, address, value, new Span(300, 310), Outcome.DONE));
    }

    @Test
    void goesThroughItsWordsInTheirDirection() {
        assertThat(new Reps(FIRST, 4, false).words()).containsExactly(FIRST, FIRST + 8, 0x11000L, LAST);
        assertThat(new Reps(LAST, 4, true).words()).containsExactly(LAST, 0x11000L, FIRST + 8, FIRST);
        assertThat(List.of(new Reps(FIRST, 4, false).last(), new Reps(LAST, 4, true).last()))
                .containsExactly(LAST, FIRST);
    }

    @Test
    void acceptsAWriteInTwoParts() {
        story.add(rep(true, false, 5))
                .add(part(1, 0, true, new Reps(FIRST, 2, false), 5))
                .add(part(2, 1, true, new Reps(0x11000, 2, false), 5));
        memory(FIRST, 5);
        memory(FIRST + 8, 5);
        memory(LAST, 5);

        assertThat(story.broken()).isEmpty();
    }

    @Test
    @DisplayName("A1: a REP writes each of its words")
    void refusesAWordThatWasLeftOut() {
        story.add(rep(true, true, 5))
                .add(part(2, 0, true, new Reps(LAST, 2, true), 5))
                .add(part(1, 1, true, new Reps(FIRST + 8, 2, true), 5));
        memory(FIRST, 0);

        assertThat(story.broken()).containsExactly("A3, A4");
    }

    @Test
    @DisplayName("A2, C4: each page's part goes where its page says")
    void refusesAPartThatWentPastItsClaim() {
        story.add(rep(true, false, 5)).add(part(1, 0, true, new Reps(FIRST, 2, false), 5));

        assertThat(story.broken()).containsExactly("rule 0, C4");
    }

    @Test
    void refusesAPartThatIsNotWhole() {
        story.add(rep(true, false, 5))
                .add(part(1, 0, true, new Reps(FIRST, 1, false), 5))
                .add(part(2, 1, true, new Reps(0x11000, 2, false), 5));

        assertThat(story.broken()).containsExactly("rule 0, C4");
    }

    @Test
    void refusesAPartOfThePageOfAnother() {
        story.add(rep(true, false, 5)).add(part(1, 0, true, new Reps(FIRST, 2, false), 5));
        story.add(part(2, 1, true, new Reps(0x11000, 2, false), 5));
        story.add(part(1, 1, true, new Reps(0x11000, 2, false), 5));

        assertThat(story.broken()).containsExactly("C4, C7");
    }

    @Test
    void refusesThatARunCarriesAWordOutTwice() {
        story.add(rep(true, false, 5))
                .add(part(1, 0, true, new Reps(FIRST, 2, false), 5))
                .add(part(2, 1, true, new Reps(0x11000, 2, false), 5))
                .add(part(2, 2, true, new Reps(LAST, 1, false), 5));

        assertThat(story.broken()).containsExactly("A4, F6");
    }

    @Test
    @DisplayName("A2: df orders the repetitions: another direction is another access")
    void refusesTheOtherDirection() {
        story.add(rep(true, false, 5))
                .add(part(1, 0, true, new Reps(FIRST + 8, 2, true), 5))
                .add(part(2, 1, true, new Reps(0x11000, 2, false), 5));

        assertThat(story.broken()).containsExactly("A2, F6");
    }

    @Test
    @DisplayName("A1: a REP read returns the last element, by its direction")
    void refusesTheValueOfAnotherElement() {
        story.add(new Event.Memory("operator", Story.DOMID, true, FIRST, 7, new Span(30, 40), Outcome.DONE));
        story.add(new Event.Memory("operator", Story.DOMID, true, LAST, 8, new Span(30, 40), Outcome.DONE));
        Event.Access up = rep(false, false, 8);
        Event.CarriedOut first = part(1, 0, false, new Reps(FIRST, 2, false), 0);
        Event.CarriedOut second = part(2, 1, false, new Reps(0x11000, 2, false), 8);
        story.add(up).add(first).add(second);
        assertThat(story.broken()).isEmpty();

        story.events.remove(up);
        story.add(rep(false, false, 7));

        assertThat(story.broken()).contains("F2, A4");
    }

    @Test
    void refusesTheValueOfAnotherElementOfPlainPages() {
        Story plain = new Story();
        plain.add(new Event.Memory("operator", Story.DOMID, true, FIRST, 7, new Span(30, 40), Outcome.DONE));
        plain.add(new Event.Memory("operator", Story.DOMID, true, LAST, 8, new Span(30, 40), Outcome.DONE));
        plain.add(rep(false, true, 8));

        assertThat(plain.broken()).containsExactly("A4, T3");
    }
}
