package io.trapline.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trapline.testing.ProgramJvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** This program in a JVM of its own, as an operator starts it, and what it prints on either stream. */
final class Jvm {
    private static final int HEAP_MEBIBYTES = 192;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Process process;
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final Thread reader;

    Jvm(String... arguments) throws IOException {
        List<String> command = ProgramJvm.command(
                HEAP_MEBIBYTES,
                Stream.concat(Stream.of(TraplineCommand.class.getName()), Arrays.stream(arguments))
                        .toList());
        process = new ProcessBuilder(command).redirectErrorStream(true).start();
        reader = Thread.ofPlatform().daemon().name("read-" + process.pid()).start(this::read);
    }

    private void read() {
        try (BufferedReader from =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = from.readLine(); line != null; line = from.readLine()) {
                lines.add(line);
            }
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    /** Waits for a line that begins so. */
    void awaitLine(String... starts) {
        await().atMost(PATIENCE)
                .failFast("it has ended", () -> !process.isAlive())
                .until(() ->
                        lines.stream().anyMatch(line -> Arrays.stream(starts).anyMatch(line::startsWith)));
    }

    /** Whether the last line that it printed says that it does that. */
    boolean is(String state) {
        return !lines.isEmpty() && lines.getLast().contains(": " + state + " at ");
    }

    /** Waits until it ends by itself; its exit code. */
    int awaitEnd() throws InterruptedException {
        assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .as("%s", lines)
                .isTrue();
        reader.join();
        return process.exitValue();
    }

    /** {@code kill -9}. Not by {@link Process}, which would close what the reader still reads. */
    void kill() throws InterruptedException {
        process.toHandle().destroyForcibly();
        process.waitFor();
    }

    /** What it has printed. */
    String text() {
        return String.join("\n", lines);
    }

    /** Leaves nothing of it. */
    void close() throws InterruptedException {
        kill();
        reader.join();
    }
}
