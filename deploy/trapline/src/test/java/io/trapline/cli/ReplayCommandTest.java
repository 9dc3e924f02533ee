package io.trapline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.cli.text.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ReplayCommandTest {
    @RegisterExtension
    static final EmbeddedShell CLUSTER = new EmbeddedShell();

    private static final Path SAMPLES = Path.of("..", "..", "docs", "samples");

    private final Shell shell = new Shell();

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({"linux-boot.qemu-trace.gz, 83388, 123720, 39", "linux-e1000-edu.mmiotrace, 7373, 6729, 2"})
    void replaysTheSamplesWithoutAMismatch(String sample, long reads, long writes, int devices) {
        // A3, R2
        int exit = CLUSTER.run(shell, "replay " + SAMPLES.resolve(sample) + " --json");

        assertThat(shell.err()).isEmpty();
        assertThat(exit).isEqualTo(ExitCode.DONE);
        Json summary = shell.summary();
        assertThat(shell.json()).hasSize(1);
        assertThat(summary.get("reads")).isEqualTo(reads);
        assertThat(summary.get("writes")).isEqualTo(writes);
        assertThat(summary.get("forwarded")).isEqualTo(reads + writes);
        assertThat(summary.get("mismatches")).isEqualTo(0L);
        assertThat(summary.get("order_violations")).isEqualTo(0L);
        assertThat(Shell.fraction(summary, "accesses_per_second")).isPositive();
        assertThat((List<?>) summary.get("devices")).hasSize(devices);
        assertThat(CLUSTER.json("domain list").summary().get("domains")).isEqualTo(0L);
    }

    @Test
    void replaysAccessesThatCrossPagesAndComeFromDevices() throws Exception {
        // A2
        Path log = Files.writeString(folder.resolve("log"), """
                memory_region_ops_write cpu 3 mr 0x1 addr 0x20ffd value 0xfedcba9876543210 size 8 name 'a'
                memory_region_ops_read cpu 3 mr 0x1 addr 0x20ffd value 0xfedcba9876543210 size 8 name 'a'
                memory_region_ops_read cpu -1 mr 0x1 addr 0x20ffe value 0x8001 size 2 name 'a'
                memory_region_ops_read cpu 0 mr 0x2 addr 0x3f8 value 0xffffffffffffff41 size 1 name 'b'
                memory_region_ops_read cpu 0 mr 0x2 addr 0x20fff value 0x1 size 1 name 'b'
                """);

        assertThat(CLUSTER.run(shell, "replay " + log)).isEqualTo(ExitCode.DONE);
        assertThat(shell.out()).contains("5 accesses of 5 vCPUs to 2 devices").contains("all as recorded");
        assertThat(shell.out().lines().filter(line -> line.startsWith("a ") || line.startsWith("b ")))
                .hasSize(2);
    }

    @Test
    void stopsAtAMalformedLineUnlessLenient() throws Exception {
        Path log = Files.writeString(folder.resolve("log"), """
                memory_region_ops_write cpu 0 mr 0x1 addr 0x70 value 0x1 size 1 name 'a'
                memory_region_ops_write cpu 0 mr 0x1 addr 0x70 value 0x1 size 5 name 'a'
                """);

        assertThat(CLUSTER.run(shell, "replay " + log)).isEqualTo(ExitCode.CHECK_FAILED);
        assertThat(shell.err().lines())
                .singleElement()
                .asString()
                .startsWith("trapline: " + log + ": line 2: size is 5");

        assertThat(CLUSTER.run(shell, "replay " + log + " --lenient --json")).isEqualTo(ExitCode.DONE);
        assertThat(shell.summary().get("malformed_lines")).isEqualTo(1L);
        assertThat(shell.summary().get("writes")).isEqualTo(1L);
        assertThat(shell.err()).contains("left out line 2");
    }

    @Test
    void refusesAFileThatIsNotThere() {
        assertThat(CLUSTER.run(shell, "replay " + folder.resolve("nothing"))).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains("no file that can be read");
    }
}
