package io.trapline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.cli.text.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

final class DemoCommandTest {
    @RegisterExtension
    static final EmbeddedShell CLUSTER = new EmbeddedShell();

    private final Shell shell = new Shell();

    @Test
    void tellsTheWholeStoryToAProgram() {
        // C2, C4, C5, F6, A4
        int exit = shell.run("demo", "--accesses", "60000", "--gtt-pages", "64", "--json");

        Json summary = shell.summary();
        assertThat(shell.err()).isEmpty();
        assertThat(summary.get("checks_failed")).asString().isEqualTo("[]");
        assertThat(exit).isEqualTo(ExitCode.DONE);
        assertThat(summary.get("second_claim")).isEqualTo("EBUSY");
        assertThat(Shell.count(summary, "forwarded")).isGreaterThan(60_000L);
        assertThat(summary.get("unforwarded")).isEqualTo(0L);
        assertThat(summary.get("mismatches")).isEqualTo(0L);
        assertThat(summary.get("duplicates")).isEqualTo(0L);
        assertThat(summary.get("forwarded_after_release")).isEqualTo(0L);
        assertThat(Shell.count(summary, "resumptions")).isPositive();
        assertThat(summary.get("redelivered")).isInstanceOf(Long.class);
        assertThat(Shell.fraction(summary, "accesses_per_second")).isPositive();
        assertThat(Shell.count(Shell.inner(summary, "latency_us"), "p50")).isPositive();
        assertThat(Shell.count(Shell.inner(summary, "latency_us"), "p99")).isPositive();
    }

    @Test
    void tellsItToAPersonOnAClusterThatIsThere() {
        int exit = CLUSTER.run(shell, "demo --accesses 3000 --vcpus 3 --gtt-pages 8 --window 16 --seed 42");

        assertThat(shell.err()).isEmpty();
        assertThat(shell.out())
                .contains("EBUSY, which names the holder: server 0")
                .contains("entry by entry")
                .contains("carried out twice")
                .doesNotContain("✗")
                .endsWith("checks passed\n");
        assertThat(exit).isEqualTo(ExitCode.DONE);
        assertThat(CLUSTER.json("domain list").summary().get("domains")).isEqualTo(0L);
    }
}
