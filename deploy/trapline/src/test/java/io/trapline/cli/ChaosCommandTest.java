package io.trapline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.cli.text.Json;
import io.trapline.faults.history.Event;
import io.trapline.faults.history.HistoryFile;
import io.trapline.faults.history.Outcome;
import io.trapline.faults.history.Span;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ChaosCommandTest {
    private final Shell shell = new Shell();

    @TempDir
    Path folder;

    @Test
    @Tag("processes")
    void findsNothingWrongWithWhatClientsSawWhileTheirConnectionsWereBroken() throws Exception {
        Path file = folder.resolve("history.jsonl");

        int exit = shell.run(
                "chaos", "--seed", "3", "--duration", "6s", "--one-process", "--json", "--history", file.toString());

        assertThat(exit).as(shell.err() + shell.out()).isEqualTo(ExitCode.DONE);
        Json summary = shell.summary();
        assertThat(summary.get("seed")).isEqualTo(3L);
        assertThat(Shell.count(summary, "faults")).isPositive();
        assertThat(Shell.count(summary, "operations")).isGreaterThan(1_000);
        assertThat(Shell.count(summary, "violations")).isZero();
        assertThat(Shell.count(Shell.inner(summary, "effects"), "resent")).isPositive();
        assertThat(summary.get("without_effect")).isEqualTo(List.of());
        assertThat(HistoryFile.read(file))
                .hasAtLeastOneElementOfType(Event.CarriedOut.class)
                .hasAtLeastOneElementOfType(Event.Release.class)
                .hasAtLeastOneElementOfType(Event.Healed.class);
        long operations = Shell.count(summary, "operations");

        assertThat(shell.run("chaos", "--check", file.toString(), "--json")).isEqualTo(ExitCode.DONE);
        assertThat(Shell.count(shell.summary(), "operations")).isEqualTo(operations);
    }

    @Test
    void saysWhatIsWrongInAHistory() throws Exception {
        Path file = folder.resolve("history.jsonl");
        HistoryFile.write(
                file,
                List.of(
                        new Event.Access(1, 0, 100, 1, true, 8, 5, new Span(10, 20), Outcome.DONE),
                        new Event.Access(1, 1, 101, 1, false, 8, 0, new Span(30, 40), Outcome.DONE)));

        assertThat(shell.run("chaos", "--check", file.toString(), "--json")).isEqualTo(ExitCode.CHECK_FAILED);
        assertThat(Shell.count(shell.summary(), "violations")).isEqualTo(1);
        assertThat(shell.err()).contains("A3, A4: no order explains").contains("vCPU 1@101#1 reads 0x8 = 0");
    }

    @Test
    void saysWhatIsWrongWithAFileOrAnOption() throws Exception {
        Path file = folder.resolve("history.jsonl");
        Files.writeString(file, "nonsense\n");

        assertThat(shell.run("chaos", "--check", file.toString())).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).startsWith("trapline: --check is " + file + ": line 1: ");
        assertThat(shell.run("chaos", "--check", folder.resolve("none").toString()))
                .isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains("no file that can be read");
        assertThat(shell.run("chaos", "--spread", "--memory", "replicated")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains("--nodes is 3, not 4 or more");
        assertThat(shell.run("chaos", "--spread", "--nodes", "2")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains("--nodes is 2, not 3 or more");
        assertThat(shell.run("chaos", "--spread", "--one-process")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains("--spread is for separate processes");
        assertThat(shell.run("chaos", "--duration", "61m")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains("--duration is 61m, not 1s … 60m");
    }
}
