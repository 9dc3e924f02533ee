package io.trapline.faults.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HistoryFileTest {
    private static final Span SPAN = new Span(1, Long.MAX_VALUE - 1);

    @TempDir
    Path folder;

    @Test
    void comesBackAsItWas() throws Exception {
        List<Event> all = List.of(
                new Event.Opened(1, 2, 3, SPAN),
                new Event.Access(1, 2, 3, 4, true, 0xFFFF_FFFF_F000L, Long.MIN_VALUE, SPAN, Outcome.unknown("lost")),
                new Event.Memory("op", 1, false, 8, 9, SPAN, Outcome.DONE),
                new Event.Claim(1, 2, 3, 2, 77, -1, SPAN, Outcome.refused("EBUSY")),
                new Event.Release(1, 2, 3, true, 78, SPAN, Outcome.DONE),
                new Event.Enabling(1, 2, true, SPAN, Outcome.DONE),
                new Event.Created(1_000_001, 1, 99, true, SPAN, Outcome.DONE),
                new Event.Destroyed(1_000_001, 100, SPAN, Outcome.DONE),
                new Event.Access(1, 2, 3, 5, true, 0xF8, 4, true, true, 6, SPAN, Outcome.DONE),
                new Event.Typing(1, List.of(new PageRun(16, 8, -1), new PageRun(1L << 20, 1, 15)), SPAN, Outcome.DONE),
                new Event.ListedTypes(1, Map.of(1L << 40, PageRun.RAM_RO), SPAN, Outcome.DONE),
                new Event.AllReleased(1, SPAN),
                new Event.Listed(1, Map.of(0, 3, 15, 63), SPAN, Outcome.DONE),
                new Event.CarriedOut(1, 2, -5, 3, 4, 5, 0, true, false, true, 8, 9, SPAN),
                new Event.Fault("kill", "primary", true, "a new primary", SPAN),
                new Event.Healed(SPAN),
                new Event.CutShort(SPAN));
        Path file = folder.resolve("history.jsonl");

        HistoryFile.write(file, all);

        assertThat(Files.readAllLines(file)).hasSize(all.size()).allMatch(line -> line.startsWith("{\"event\":\""));
        assertThat(HistoryFile.read(file)).isEqualTo(all);
    }

    @Test
    void saysWhichLineIsWrong() throws Exception {
        Path file = folder.resolve("history.jsonl");
        for (String wrong : List.of(
                "{\"event\":\"Healed\"}",
                "{\"event\":\"Nothing\"}",
                "{}",
                "[]",
                "nonsense",
                "{\"event\":\"Healed\",\"span\":{\"start\":5,\"end\":4}}")) {
            Files.writeString(file, "{\"event\":\"Healed\",\"span\":{\"start\":5,\"end\":6}}\n" + wrong + "\n");

            assertThatThrownBy(() -> HistoryFile.read(file))
                    .as(wrong)
                    .isInstanceOf(HistoryFile.MalformedException.class)
                    .hasMessageStartingWith("line 2: ");
        }
    }

    @Test
    void whatDoesNotFitIsSaidOnce() {
        History history = new History(2);
        Event healed = new Event.Healed(SPAN);
        history.add(healed);
        assertThat(history.isFull()).isFalse();

        for (int i = 0; i < 5; i++) {
            history.add(healed);
        }

        assertThat(history.isFull()).isTrue();
        assertThat(history.events()).hasSize(3);
        assertThat(history.events().getLast()).isInstanceOf(Event.CutShort.class);
    }
}
