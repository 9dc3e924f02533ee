package io.trapline.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trapline.client.TraplineConnection;
import io.trapline.process.Supervisor.Change;
import io.trapline.server.ListenAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A cluster of real processes, and what an operator does to them by hand. */
final class Processes implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final List<Change> changes = new CopyOnWriteArrayList<>();
    private final Path logs;
    private final Supervisor supervisor;

    Processes(int coordinators, int nodes, Path data) throws Exception {
        this(plan(coordinators, nodes, data));
    }

    /** @param nodeMemoryBytes what each node may hold */
    Processes(int coordinators, int nodes, Path data, long nodeMemoryBytes) throws Exception {
        this(plan(coordinators, nodes, data).withNodeMemory(nodeMemoryBytes));
    }

    private Processes(Supervisor.Plan plan) throws Exception {
        logs = plan.data().resolve(Supervisor.LOGS);
        supervisor = Supervisor.start(plan, changes::add);
    }

    private static Supervisor.Plan plan(int coordinators, int nodes, Path data) {
        return new Supervisor.Plan(
                coordinators, nodes, data, ListenAddress.ANY_PORT, false, "io.trapline.cli.TraplineCommand");
    }

    /** Through all nodes, one after the other. */
    TraplineConnection connect(String principal) {
        return connect(supervisor.addresses(), principal);
    }

    /** Through those addresses only. */
    static TraplineConnection connect(String addresses, String principal) {
        return TraplineConnection.builder()
                .addresses(addresses)
                .principal(principal)
                .timeout(PATIENCE)
                .build();
    }

    Change last(String id) {
        return changes.stream()
                .filter(change -> change.id().equals(id))
                .toList()
                .getLast();
    }

    String address(String id) {
        return last(id).address();
    }

    /** Of all nodes, that one first. */
    String addresses(String first) {
        String own = address(first);
        return Stream.concat(
                        Stream.of(own),
                        Stream.of(supervisor.addresses().split(",")).filter(other -> !other.equals(own)))
                .collect(Collectors.joining(","));
    }

    /** How often it has been in that state. */
    long times(String id, ProcessState state) {
        return changes.stream()
                .filter(change -> change.id().equals(id) && change.state() == state)
                .count();
    }

    List<String> coordinators() {
        return changes.stream()
                .filter(change -> change.role().equals("coordinator"))
                .map(Change::id)
                .distinct()
                .toList();
    }

    /** The coordinator that says that it leads; there is one before long. */
    String leader() {
        await().atMost(PATIENCE)
                .until(() -> coordinators().stream().anyMatch(id -> last(id).state() == ProcessState.LEADING));
        return coordinators().stream()
                .filter(id -> last(id).state() == ProcessState.LEADING)
                .findFirst()
                .orElseThrow();
    }

    /** {@code kill -9}. */
    void kill(String id) {
        assertThat(ProcessHandle.of(last(id).pid()).orElseThrow().destroyForcibly())
                .isTrue();
        await().atMost(PATIENCE).until(() -> last(id).state() == ProcessState.DEAD);
    }

    /** {@code kill -STOP} or {@code -CONT}. */
    void signal(String id, String signal) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("kill", "-" + signal, Long.toString(last(id).pid())).start();
        assertThat(kill.waitFor()).isZero();
    }

    /** How its last life has ended. */
    OptionalInt exitCode(String id) {
        return supervisor.exitCode(id);
    }

    void startAgain(String id) throws Exception {
        supervisor.startAgain(id);
    }

    void awaitUp(String id) {
        await().atMost(PATIENCE).until(() -> last(id).state().isUp());
    }

    @Override
    public void close() {
        supervisor.close();
        assertThat(changes)
                .extracting(Change::pid)
                .noneMatch(
                        pid -> ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false));
        try {
            assertThat(Defects.in(logs)).isEmpty();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
