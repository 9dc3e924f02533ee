package io.trapline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.cli.text.Json;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Short runs of {@code chaos} at three coordinators and three nodes in processes of their own; the domain at one node, or at two. */
final class ChaosProcessesTest {
    private final Shell shell = new Shell();

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"--seed=5", "--seed=8 --spread"})
    @Tag("processes")
    @Timeout(300)
    void keepEveryPromiseWhileTheyAreBroken(String flags) {
        int exit =
                shell.run(Stream.concat(Stream.of("chaos", "--duration", "20s", "--json"), Stream.of(flags.split(" ")))
                        .toArray(String[]::new));

        assertThat(exit).as(shell.err() + shell.out()).isEqualTo(ExitCode.DONE);
        Json summary = shell.summary();
        assertThat(Shell.count(summary, "faults")).isPositive();
        assertThat(Shell.count(summary, "operations")).isGreaterThan(100);
        assertThat(Shell.count(summary, "violations")).isZero();
        assertThat(summary.get("without_effect")).isEqualTo(List.of());
    }
}
