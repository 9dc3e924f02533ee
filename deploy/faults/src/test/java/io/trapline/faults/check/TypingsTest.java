package io.trapline.faults.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.faults.history.Event;
import io.trapline.faults.history.Outcome;
import io.trapline.faults.history.PageRun;
import io.trapline.faults.history.Span;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Types of pages (T2, T4, T5, T6, T8, C5). */
final class TypingsTest {
    private static final Outcome EINVAL = Outcome.refused("EINVAL");
    private static final long PAGE = Story.WORD >>> 12;
    private final Story story = new Story();

    private Story typing(List<PageRun> runs, long start, long end, Outcome outcome) {
        return story.add(new Event.Typing(Story.DOMID, runs, new Span(start, end), outcome));
    }

    private Story listed(Map<Long, Integer> types, long start, long end) {
        return story.add(new Event.ListedTypes(Story.DOMID, types, new Span(start, end), Outcome.DONE));
    }

    @Test
    void acceptsWhatIsAllowedAndRefusedAsItShould() {
        typing(List.of(new PageRun(1, 3, 0)), 10, 20, Outcome.DONE);
        typing(List.of(new PageRun(8, 1, 1), new PageRun(2, 1, 1)), 30, 40, EINVAL);
        typing(List.of(new PageRun(8, 1, PageRun.RAM_RO)), 50, 60, Outcome.DONE);
        typing(List.of(new PageRun(8, 1, PageRun.MMIO_WRITE_DM), new PageRun(1, 1, PageRun.RAM_RO)), 70, 80, EINVAL);
        typing(List.of(new PageRun(9, 1, PageRun.MMIO_WRITE_DM)), 81, 82, Outcome.DONE);
        typing(List.of(new PageRun(9, 1, PageRun.MMIO_WRITE_DM)), 83, 84, EINVAL);
        listed(Map.of(1L, 0, 2L, 0, 3L, 0, 4L, -1, 8L, PageRun.RAM_RO), 90, 100);

        assertThat(story.broken()).isEmpty();
    }

    @Test
    @DisplayName("T6: a call is refused only where a page refuses")
    void refusesARefusalForNoReason() {
        typing(List.of(new PageRun(1, 3, 0)), 10, 20, EINVAL);

        assertThat(story.broken()).containsExactly("T4, T5, T6");
    }

    @Test
    void refusesThatRamRwIsRefused() {
        typing(List.of(new PageRun(1, 1, 0)), 10, 20, Outcome.DONE);
        typing(List.of(new PageRun(1, 2, PageRun.RAM_RW)), 30, 40, EINVAL);

        assertThat(story.broken()).containsExactly("T4, T5, T6");
    }

    @Test
    @DisplayName("T4: only ram_rw becomes ioreq_server[X]")
    void refusesAChangeFromOneServersTypeToAnothers() {
        typing(List.of(new PageRun(1, 1, 0)), 10, 20, Outcome.DONE);
        typing(List.of(new PageRun(5, 1, 1), new PageRun(1, 1, 1)), 30, 40, Outcome.DONE);

        assertThat(story.broken()).containsExactly("T4, T6");
    }

    @Test
    void refusesAServersTypeThatBecomesRamRo() {
        typing(List.of(new PageRun(1, 1, 0)), 10, 20, Outcome.DONE);
        typing(List.of(new PageRun(1, 1, PageRun.RAM_RO)), 30, 40, Outcome.DONE);

        assertThat(story.broken()).containsExactly("T4, T6");
    }

    @Test
    @DisplayName("T6: all pages of all runs change, or none")
    void refusesHalfAChange() {
        typing(List.of(new PageRun(1, 1, 0), new PageRun(1L << 18, 1, 0)), 10, 20, Outcome.DONE);
        listed(Map.of(1L, 0, 1L << 18, PageRun.RAM_RW), 30, 40);

        assertThat(story.broken()).containsExactly("T3, T6, C5");
    }

    @Test
    void refusesThatARefusedCallChangedAPage() {
        typing(List.of(new PageRun(2, 1, 0)), 10, 20, Outcome.DONE);
        typing(List.of(new PageRun(1, 1, 1), new PageRun(2, 1, 1)), 30, 40, EINVAL);
        listed(Map.of(1L, 1, 2L, 0), 50, 60);

        assertThat(story.broken()).containsExactly("T3, T6, C5");
    }

    @Test
    @DisplayName("C5: a release with reset leaves no page of the type")
    void refusesAPageThatKeepsItsTypeThroughAReset() {
        story.type(0, 1, 2).claim(1, 0, Story.WRITE, 10, 10, 20);
        story.releaseOf(1, 0, true, 11, 30, 40, Outcome.DONE);
        listed(Map.of(PAGE, 0), 50, 60);

        assertThat(story.broken()).containsExactly("T3, T6, C5");
    }

    @Test
    void refusesAnIoreqOfAPageThatWasReset() {
        Event.Access write = Story.access(0, 1, true, 5, 100, 110);
        story.type(0, 1, 2).enable(1, true, 3, 4).claim(1, 0, Story.WRITE, 10, 10, 20);
        story.releaseOf(1, 0, true, 11, 30, 40, Outcome.DONE).claim(1, 0, Story.WRITE, 12, 50, 60);
        story.add(write).add(Story.ioreq(1, 7, write, 5, false));

        assertThat(story.broken()).containsExactly("C4, C7");
    }

    @Test
    void acceptsAPageThatKeepsItsTypeThroughARelease() {
        story.type(0, 1, 2).claim(1, 0, Story.WRITE, 10, 10, 20).release(1, 0, 11, 30, 40);
        listed(Map.of(PAGE, 0), 50, 60);

        assertThat(story.broken()).isEmpty();
    }

    @Test
    @DisplayName("T2: a guest's write to ram_ro is dropped")
    void refusesAWriteToRamRoThatIsSeen() {
        story.type(PageRun.RAM_RO, 1, 2).write(0, 1, 5, 10, 20).read(1, 1, 5, 30, 40);

        assertThat(story.broken()).containsExactly("T2, T8");
    }

    @Test
    void acceptsThatAWriteToMmioWriteDmVanishesAndAnOperatorsDoesNot() {
        story.type(PageRun.MMIO_WRITE_DM, 1, 2)
                .write(0, 1, 5, 10, 20)
                .read(1, 1, 0, 30, 40)
                .memory(true, 6, 50, 60, Outcome.DONE)
                .read(1, 2, 6, 70, 80);

        assertThat(story.broken()).isEmpty();
    }

    @Test
    void acceptsBothWhileThePageBecomesRamRo() {
        story.type(PageRun.RAM_RO, 10, 50).write(0, 1, 5, 20, 30).read(1, 1, 5, 60, 70);
        story.write(0, 2, 6, 22, 32).read(1, 2, 5, 80, 90);

        assertThat(story.broken()).isEmpty();
    }
}
