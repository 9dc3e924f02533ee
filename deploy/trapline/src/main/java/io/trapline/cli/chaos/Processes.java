package io.trapline.cli.chaos;

import io.trapline.process.ProcessState;
import io.trapline.process.Supervisor;
import java.io.IOException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** What the processes of a cluster are doing, as their supervisor tells, and the signals that they are sent. Thread-safe. */
final class Processes {
    private static final String COORDINATOR = "coordinator";

    private final Map<String, Supervisor.Change> last = new HashMap<>();
    private String leader = "";
    private long leaderChanges;
    private long leaseExpiries;

    /** The supervisor tells. */
    synchronized void changed(Supervisor.Change change) {
        Supervisor.Change before = last.put(change.id(), change);
        if (change.state() == ProcessState.LEADING && !change.id().equals(leader)) {
            leaderChanges += leader.isEmpty() ? 0 : 1;
            leader = change.id();
        }
        if (before != null && before.state() == ProcessState.SERVING && change.state() == ProcessState.WAITING) {
            leaseExpiries++;
        }
        notifyAll();
    }

    synchronized long leaderChanges() {
        return leaderChanges;
    }

    /** The lease of a process that was killed has ended, which it cannot say itself. */
    synchronized void leaseOfTheDeadEnded() {
        leaseExpiries++;
    }

    synchronized long leaseExpiries() {
        return leaseExpiries;
    }

    /** The coordinator that leads. */
    synchronized Optional<Supervisor.Change> leader() {
        return Optional.ofNullable(last.get(leader)).filter(each -> each.state() == ProcessState.LEADING);
    }

    /** The coordinators that follow. */
    synchronized List<Supervisor.Change> followers() {
        return last.values().stream()
                .filter(each -> each.role().equals(COORDINATOR) && each.state() == ProcessState.FOLLOWING)
                .toList();
    }

    /** The nodes that serve. */
    synchronized List<Supervisor.Change> nodes() {
        return last.values().stream()
                .filter(each -> !each.role().equals(COORDINATOR) && each.state() == ProcessState.SERVING)
                .toList();
    }

    /** The ids of all but that one; with a role, of those that have it. */
    synchronized List<String> others(String id, Optional<String> role) {
        return last.values().stream()
                .filter(each -> role.isEmpty() || each.role().equals(role.get()))
                .map(Supervisor.Change::id)
                .filter(each -> !each.equals(id))
                .toList();
    }

    /** What each of them does, a line each. */
    synchronized List<String> text() {
        return last.values().stream()
                .sorted(Comparator.comparing(Supervisor.Change::id))
                .map(each -> each.role() + " " + each.id() + ": " + each.state().text() + ", " + each.address()
                        + ", pid " + each.pid())
                .toList();
    }

    /** What that process is doing. */
    synchronized ProcessState state(String id) {
        Supervisor.Change change = last.get(id);
        return change == null ? ProcessState.DEAD : change.state();
    }

    /** Waits until all are up and one leads; false where that does not happen in that time. */
    boolean awaitAllUp(long millis) throws InterruptedException {
        return await(
                millis,
                () -> leader().isPresent()
                        && last.values().stream().allMatch(each -> each.state().isUp()));
    }

    /** Waits until that process is in that state; false where that does not happen in that time. */
    boolean await(String id, ProcessState wanted, long millis) throws InterruptedException {
        return await(millis, () -> state(id) == wanted);
    }

    private synchronized boolean await(long millis, BooleanSupplier condition) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (!condition.getAsBoolean()) {
            long leftMillis = TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime());
            if (leftMillis <= 0) {
                return false;
            }
            wait(leftMillis);
        }
        return true;
    }

    /** {@code kill -9}. */
    static void kill(long pid) {
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }

    /** Stops a process as it is, or lets it go on. */
    static void signal(String name, long pid) throws IOException, InterruptedException {
        int exit = new ProcessBuilder("kill", "-" + name, Long.toString(pid))
                .inheritIO()
                .start()
                .waitFor();
        if (exit != 0) {
            throw new IOException("kill -" + name + " " + pid + " ended with " + exit);
        }
    }
}
