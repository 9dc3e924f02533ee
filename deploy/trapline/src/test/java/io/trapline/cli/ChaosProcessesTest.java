package io.trapline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.cli.text.Json;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Short runs of {@code chaos} as it is by default, three coordinators and three nodes in processes of their own. */
final class ChaosProcessesTest {
    private final Shell shell = new Shell();

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(strings = {"5", "8"})
    @Tag("processes")
    @Timeout(300)
    void keepEveryPromiseWhileTheyAreBroken(String seed) {
        int exit = shell.run("chaos", "--seed", seed, "--duration", "20s", "--json");

        assertThat(exit).as(shell.err() + shell.out()).isEqualTo(ExitCode.DONE);
        Json summary = shell.summary();
        assertThat(Shell.count(summary, "faults")).isPositive();
        assertThat(Shell.count(summary, "operations")).isGreaterThan(100);
        assertThat(Shell.count(summary, "violations")).isZero();
        assertThat(summary.get("without_effect")).isEqualTo(List.of());
    }
}
