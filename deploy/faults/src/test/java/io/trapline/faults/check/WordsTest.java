package io.trapline.faults.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.faults.history.Event;
import io.trapline.faults.history.Outcome;
import io.trapline.faults.history.Span;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Words of guest memory (A3, A4, A5, A6, D4, T3). */
final class WordsTest {
    private static final Outcome LOST = Outcome.unknown("connection lost");

    private final Story story = new Story();

    @Test
    void acceptsWhatWasNeverWritten() {
        story.read(0, 1, 0, 10, 20).memory(false, 0, 15, 30, Outcome.DONE);

        assertThat(story.broken()).isEmpty();
    }

    @Test
    void acceptsOneAfterTheOther() {
        story.write(0, 1, 5, 10, 20)
                .read(1, 1, 5, 30, 40)
                .write(1, 2, 6, 50, 60)
                .read(0, 2, 6, 70, 80);

        assertThat(story.broken()).isEmpty();
    }

    @Test
    void acceptsEitherOrderOfWhatIsUnderWayAtOneTime() {
        story.write(0, 1, 5, 10, 100).write(1, 1, 6, 10, 100);
        story.read(2, 1, 5, 20, 30).read(2, 2, 6, 40, 50);

        assertThat(story.broken()).isEmpty();
    }

    @Test
    void refusesAReadThatIsTooOld() {
        story.write(0, 1, 5, 10, 20).write(1, 1, 6, 30, 40).read(2, 1, 5, 50, 60);

        assertThat(story.broken()).containsExactly("A3, A4");
        assertThat(story.check().findings().getFirst().evidence()).hasSizeBetween(2, 12);
    }

    @Test
    @DisplayName("D4: an acknowledged write that is lost is a read of what was before")
    void refusesALostWrite() {
        story.write(0, 1, 5, 10, 20).memory(false, 0, 30, 40, Outcome.DONE);

        assertThat(story.broken()).containsExactly("A3, A4");
    }

    @Test
    void refusesTwoReadersThatSeeTwoWritesInDifferentOrders() {
        story.write(0, 1, 5, 10, 100).write(1, 1, 6, 10, 100);
        story.read(2, 1, 5, 20, 30).read(2, 2, 6, 40, 50);
        story.read(3, 1, 6, 32, 35).read(3, 2, 5, 60, 70);

        assertThat(story.broken()).containsExactly("A3, A4");
    }

    @Test
    void refusesAReadOfWhatIsWrittenLater() {
        story.read(0, 1, 5, 10, 20).write(1, 1, 5, 30, 40);

        assertThat(story.broken()).containsExactly("A4, T3");
    }

    @Test
    void refusesAReadOfWhatNobodyWrote() {
        story.read(0, 1, 77, 10, 20);

        assertThat(story.broken()).containsExactly("A4, T3");
    }

    @Test
    void refusesAReadOfWhatWasRefused() {
        story.writeOf(0, 1, 5, 10, Outcome.refused("EAGAIN")).read(1, 1, 5, 20, 30);

        assertThat(story.broken()).containsExactly("A4, A5");
    }

    @Test
    @DisplayName("a write of which nobody knows may take effect late, or never")
    void acceptsBothOutcomesOfWhatIsUnknown() {
        story.writeOf(0, 1, 5, 10, LOST).read(1, 1, 0, 20, 30).read(1, 2, 5, 200, 210);
        assertThat(story.broken()).isEmpty();

        Story never = new Story();
        never.writeOf(0, 1, 5, 10, LOST)
                .read(1, 1, 0, 20, 30)
                .write(1, 2, 6, 40, 50)
                .read(1, 3, 6, 60, 70);
        assertThat(never.broken()).isEmpty();
    }

    @Test
    void refusesWhatIsUnknownToTakeEffectTwice() {
        story.writeOf(0, 1, 5, 10, LOST)
                .read(1, 1, 5, 20, 30)
                .write(1, 2, 6, 40, 50)
                .read(1, 3, 5, 60, 70);

        assertThat(story.broken()).containsExactly("A3, A4");
    }

    @Test
    @DisplayName("A6: nothing of an older epoch takes effect once the vCPU was opened anew")
    void refusesALateWriteOfAFencedVcpu() {
        story.writeOf(0, 1, 5, 10, LOST)
                .add(new Event.Opened(Story.DOMID, 0, 200, new Span(20, 30)))
                .read(1, 1, 0, 40, 50)
                .read(1, 2, 5, 60, 70);

        assertThat(story.broken()).containsExactly("A3, A4");
    }

    @Test
    @DisplayName("A3: accesses of a vCPU take effect in their order though they are under way at one time")
    void refusesAReadThatOvertakesTheWriteBeforeItOfItsVcpu() {
        story.write(0, 1, 5, 10, 100).read(0, 2, 0, 11, 99);

        assertThat(story.broken()).containsExactly("A3, A4");
    }

    @Test
    @DisplayName("A3: and what has its outcome says that those before it took effect")
    void refusesAnOldReadWhereALaterAccessOfTheWriterWasAnswered() {
        story.write(0, 1, 5, 10, 100)
                .add(new Event.Access(Story.DOMID, 0, 100, 2, false, 0x90000, 0, new Span(11, 20), Outcome.DONE))
                .read(1, 1, 0, 30, 40);

        assertThat(story.broken()).containsExactly("A3, A4");
    }

    @Test
    void refusesAReadOfItsOwnVcpusLaterWrite() {
        story.read(0, 1, 5, 10, 100).write(0, 2, 5, 11, 90);

        assertThat(story.broken()).containsExactly("A4, T3");
    }

    @Test
    void doesNotDecideWhereTwoWritesStoreTheSame() {
        story.write(0, 1, 5, 10, 20).write(1, 1, 5, 30, 40);

        assertThat(story.broken()).containsExactly(Finding.UNDECIDED);
        assertThat(story.check().isFaultless()).isFalse();
    }

    @Test
    void tellsWordsApart() {
        story.write(0, 1, 5, 10, 20)
                .add(new Event.Memory(
                        "operator", Story.DOMID, false, Story.WORD + 8, 0, new Span(30, 40), Outcome.DONE))
                .add(new Event.Memory("operator", 2, false, Story.WORD, 0, new Span(30, 40), Outcome.DONE));

        assertThat(story.broken()).isEmpty();
    }
}
