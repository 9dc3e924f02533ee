package io.trapline.cli.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

final class ConsoleTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void printsOnlyJsonLinesForAProgram() {
        Console console = console(true);

        console.line("for a person");
        console.table(new Table("id").row(1), "none");
        console.note("beside");
        console.result("done", Json.object().put("count", 1));

        assertThat(out).hasToString("{\"id\":1}\n{\"count\":1}\n");
        assertThat(err).hasToString("beside\n");
    }

    @Test
    void printsOnlyTextForAPerson() {
        Console console = console(false);

        console.table(new Table("id"), "no domains");
        console.record(Json.object());
        console.result("done", Json.object());

        assertThat(out).hasToString("no domains\ndone\n");
    }

    @Test
    void saysNothingOfProgressWithoutATerminal() {
        try (Progress progress = new Progress(console(false), "working", 10)) {
            progress.update(5);
        }

        assertThat(err.toString()).isEmpty();
    }

    private Console console(boolean json) {
        return new Console(new PrintWriter(out), new PrintWriter(err), json, false);
    }
}
