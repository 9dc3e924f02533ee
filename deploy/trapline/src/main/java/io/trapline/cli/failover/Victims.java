package io.trapline.cli.failover;

import io.trapline.process.ProcessState;
import io.trapline.process.Supervisor;
import io.trapline.server.ListenAddress;
import io.trapline.server.StartException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** A cluster of separate processes, of which one at a time is killed and started again. Thread-safe. */
final class Victims implements NodeKills.Nodes, AutoCloseable {
    private static final int COORDINATORS = 3;
    private static final Duration ALL_UP = Duration.ofMinutes(1);

    // Guarded by this.
    private final Map<String, Supervisor.Change> processes = new HashMap<>();
    private final Supervisor supervisor;

    private Victims(int nodes, Path data, String mainClass) throws StartException, InterruptedException {
        Supervisor.Plan plan = new Supervisor.Plan(COORDINATORS, nodes, data, ListenAddress.ANY_PORT, false, mainClass);
        supervisor = Supervisor.start(plan, this::changed);
    }

    /** Three coordinators and that many nodes, in a directory that must be empty. */
    static Victims start(int nodes, Path data, String mainClass) throws StartException, InterruptedException {
        return new Victims(nodes, data, mainClass);
    }

    private synchronized void changed(Supervisor.Change change) {
        processes.put(change.id(), change);
        notifyAll();
    }

    /** Of all nodes, with commas. */
    String addresses() {
        return supervisor.addresses();
    }

    /** Waits until all processes serve and one of them leads. */
    @Override
    public synchronized void awaitAllUp() throws InterruptedException {
        long deadlineNanos = System.nanoTime() + ALL_UP.toNanos();
        while (!processes.values().stream().allMatch(each -> each.state().isUp())
                || processes.values().stream().noneMatch(each -> each.state() == ProcessState.LEADING)) {
            long leftMillis =
                    Duration.ofNanos(deadlineNanos - System.nanoTime()).toMillis();
            if (leftMillis <= 0) {
                throw new IllegalStateException("not all processes came up again: " + processes.values());
            }
            wait(leftMillis);
        }
    }

    /** The id of the coordinator that leads. */
    synchronized String leader() {
        return processes.values().stream()
                .filter(each -> each.state() == ProcessState.LEADING)
                .findFirst()
                .orElseThrow()
                .id();
    }

    /** As {@code kill -9} does. */
    @Override
    public synchronized void kill(String id) {
        Supervisor.Change victim = processes.get(id);
        if (victim == null) {
            throw new IllegalStateException("no process " + id + " among " + processes.keySet());
        }
        ProcessHandle.of(victim.pid()).ifPresent(ProcessHandle::destroyForcibly);
    }

    @Override
    public void startAgain(String id) throws StartException {
        supervisor.startAgain(id);
    }

    @Override
    public void close() {
        supervisor.close();
    }
}
