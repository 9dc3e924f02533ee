package io.trapline.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code up} with separate processes, as a process: whatever ends it ends all of them. */
@Tag("processes")
@Timeout(180)
final class UpProcessTest {
    private static final Pattern PID = Pattern.compile("\"pid\":(\\d+)");
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path folder;

    private final Set<Long> pids = new HashSet<>();
    private Process up;
    private BufferedReader lines;

    @BeforeEach
    void start() throws IOException {
        List<String> command = new Launcher("io.trapline.cli.TraplineCommand")
                .command(
                        128,
                        List.of(),
                        List.of(
                                "up",
                                "--json",
                                "--coordinators",
                                "1",
                                "--nodes",
                                "1",
                                "--listen",
                                "127.0.0.1:0",
                                "--data",
                                folder.resolve("data").toString()));
        up = new ProcessBuilder(command)
                .redirectError(Redirect.to(folder.resolve("stderr").toFile()))
                .start();
        lines = new BufferedReader(new InputStreamReader(up.getInputStream(), StandardCharsets.UTF_8));
        String line = lines.readLine();
        while (line != null && !line.contains("\"ready\"")) {
            Matcher pid = PID.matcher(line);
            if (pid.find()) {
                pids.add(Long.parseLong(pid.group(1)));
            }
            line = lines.readLine();
        }
        assertThat(line)
                .as("it has started: %s", Files.readString(folder.resolve("stderr")))
                .isNotNull();
        assertThat(pids).hasSize(2).allMatch(UpProcessTest::isAlive);
    }

    private static boolean isAlive(long pid) {
        return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
    }

    @AfterEach
    void stop() {
        up.destroyForcibly();
        pids.forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
    }

    @Test
    void endsItsProcessesInOrderWhenItIsAskedTo() throws Exception {
        up.toHandle().destroy();
        List<String> said = new ArrayList<>();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            said.add(line);
        }
        assertThat(up.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(up.exitValue()).isZero();
        assertThat(said).last().isEqualTo("{\"stopped\":true}");
        assertThat(said)
                .filteredOn(line -> line.contains("\"dead\""))
                .extracting(line -> line.contains("\"n1\""))
                .as("the node first")
                .containsExactly(true, false);
        assertThat(pids).noneMatch(UpProcessTest::isAlive);
    }

    @Test
    void itsProcessesEndByThemselvesWhenItIsKilled() throws Exception {
        up.destroyForcibly().waitFor();
        await().atMost(PATIENCE).until(() -> pids.stream().noneMatch(UpProcessTest::isAlive));
    }
}
