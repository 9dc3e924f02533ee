package io.trapline.process;

import io.trapline.server.StartException;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One process under a supervisor: its states as it prints them, its end, its next life where one is wanted. Thread-safe. */
final class Child {
    private static final Logger LOG = LoggerFactory.getLogger(Child.class);

    /** What a process prints of itself: {@code ID: STATE …}. */
    private static final Pattern LINE = Pattern.compile("\\S+: ([a-z]+)\\b.*");

    private static final long RESTART_MILLIS = 250;
    private static final long LONGEST_RESTART_MILLIS = 8_000;
    /** A life of so long is no failure to start. */
    private static final Duration LONG_LIFE = Duration.ofSeconds(10);

    private final Part part;
    private final Path log;
    private final boolean restarts;
    private final Consumer<Supervisor.Change> listener;

    // Guarded by this.
    private @Nullable Process process;
    private ProcessState state = ProcessState.STARTING;
    private OptionalInt exitCode = OptionalInt.empty();
    private boolean isEnding;
    /** Of the one thread that watches the present life. */
    private long restartMillis = RESTART_MILLIS;

    Child(Part part, Path log, boolean restarts, Consumer<Supervisor.Change> listener) {
        this.part = part;
        this.log = log;
        this.restarts = restarts;
        this.listener = listener;
    }

    /**
     * What is to run.
     *
     * @param id its id
     * @param role {@code coordinator} or {@code node}
     * @param address where its services are
     * @param command the program and its arguments
     */
    record Part(String id, String role, String address, List<String> command) {}

    /** Starts it, and watches it from then on. */
    void start() throws StartException {
        try {
            begin();
        } catch (IOException cannot) {
            throw new StartException("cannot start " + part.id() + ": " + cannot.getMessage(), cannot);
        }
    }

    String id() {
        return part.id();
    }

    /** Starts its next life where it has none. */
    synchronized void startAgain() throws StartException {
        if (state == ProcessState.DEAD) {
            start();
        }
    }

    private synchronized void begin() throws IOException {
        if (isEnding) {
            return;
        }
        ProcessBuilder builder = new ProcessBuilder(part.command());
        builder.environment().keySet().removeIf(Child::isSetting);
        builder.environment().put(Launcher.SUPERVISED, "1");
        builder.redirectError(Redirect.appendTo(log.toFile()));
        Process started = builder.start();
        process = started;
        state = ProcessState.STARTING;
        tell(started);
        Thread.ofPlatform().daemon().name("watch-" + part.id()).start(() -> watch(started, System.nanoTime()));
    }

    /** What the supervisor was told by its environment is not meant for each of its processes, the level of the log excepted. */
    private static boolean isSetting(String name) {
        return !name.equals("TRAPLINE_LOG")
                && (CoordinatorSettings.KEYS.stream()
                                .anyMatch(key -> key.variable().equals(name))
                        || NodeSettings.KEYS.stream()
                                .anyMatch(key -> key.variable().equals(name)));
    }

    private void watch(Process life, long begunNanos) {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(life.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                heard(life, line);
            }
            int exit = life.waitFor();
            ended(exit);
            LOG.info("{} ended with {}", part.id(), exit);
        } catch (IOException broken) {
            LOG.warn("{} is heard no more: {}", part.id(), broken.getMessage());
            life.destroyForcibly();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        changed(life, ProcessState.DEAD);
        if (restarts) {
            again(System.nanoTime() - begunNanos >= LONG_LIFE.toNanos());
        }
    }

    private synchronized void ended(int exit) {
        exitCode = OptionalInt.of(exit);
    }

    /** With what its last life that has ended left; empty where none has. */
    synchronized OptionalInt exitCode() {
        return exitCode;
    }

    private void again(boolean livedLong) {
        restartMillis = livedLong ? RESTART_MILLIS : Math.min(LONGEST_RESTART_MILLIS, restartMillis * 2);
        try {
            Thread.sleep(restartMillis);
            begin();
        } catch (IOException cannot) {
            LOG.error("{} cannot be started again: {}", part.id(), cannot.getMessage());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void heard(Process life, String line) {
        Matcher said = LINE.matcher(line);
        if (said.matches()) {
            for (ProcessState each : ProcessState.values()) {
                if (each.text().equals(said.group(1).toLowerCase(Locale.ROOT))) {
                    changed(life, each);
                }
            }
        }
    }

    private synchronized void changed(Process life, ProcessState now) {
        if (life.equals(process) && state != now) {
            state = now;
            tell(life);
            notifyAll();
        }
    }

    // Called with the lock held.
    private void tell(Process life) {
        listener.accept(new Supervisor.Change(part.id(), part.role(), part.address(), life.pid(), state));
    }

    /** Waits until it does what it is there for. Throws where it ends before, with the last line that it wrote. */
    synchronized void awaitUp(long deadlineNanos) throws StartException, InterruptedException {
        while (!state.isUp()) {
            long leftMillis = TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime());
            if (state == ProcessState.DEAD && !restarts) {
                throw new StartException(part.id() + " ended: " + lastLine());
            }
            if (leftMillis <= 0) {
                throw new StartException(part.id() + " is " + state.text() + " and did not come up in time; " + log);
            }
            wait(leftMillis);
        }
    }

    private String lastLine() {
        File file = log.toFile();
        if (!file.exists()) {
            return "it said nothing";
        }
        try {
            List<String> lines = Files.readAllLines(log);
            return lines.isEmpty() ? "it said nothing" : lines.getLast();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** Asks it to end, and starts it no more. */
    synchronized void beginEnd() {
        isEnding = true;
        if (process != null) {
            // Not the process' own method, which closes the stream that tells of its end.
            process.toHandle().destroy();
        }
    }

    /** Waits for its end; kills it where that takes longer. */
    void end(long deadlineNanos) throws InterruptedException {
        Process last;
        synchronized (this) {
            last = process;
        }
        if (last == null) {
            return;
        }
        if (!last.waitFor(Math.max(0, deadlineNanos - System.nanoTime()), TimeUnit.NANOSECONDS)) {
            LOG.warn("{} did not end in time and is killed", part.id());
            last.toHandle().destroyForcibly();
            last.waitFor();
        }
        awaitDead();
    }

    /** Its end is told before whoever ended it goes on. */
    private synchronized void awaitDead() throws InterruptedException {
        while (state != ProcessState.DEAD) {
            wait();
        }
    }
}
