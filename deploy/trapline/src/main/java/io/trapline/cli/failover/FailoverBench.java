package io.trapline.cli.failover;

import io.trapline.client.DomainRef;
import io.trapline.client.TraplineConnection;
import io.trapline.process.ProcessState;
import io.trapline.process.Supervisor;
import io.trapline.server.ListenAddress;
import io.trapline.server.StartException;
import io.trapline.v1.Domain;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.Node;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Kills the leading coordinator of a cluster of separate processes, again and again, under a guest and a caller that claims. */
public final class FailoverBench {
    private static final int COORDINATORS = 3;
    private static final int NODES = 2;
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration ALL_UP = Duration.ofMinutes(1);
    /** A lease and what confirms it: whoever was to notice has. */
    private static final Duration SETTLED = Duration.ofMillis(2_500);

    private final Map<String, Supervisor.Change> processes = new HashMap<>();
    private final Consumer<String> progress;

    private FailoverBench(Consumer<String> progress) {
        this.progress = progress;
    }

    /**
     * What one kill did.
     *
     * @param failover from the kill to the next claim that was granted
     * @param guestUnavailable how many EAGAIN the guest was answered, or 1 where its stream ended
     * @param guestStall the longest that one access of the guest took
     */
    public record Kill(Duration failover, int guestUnavailable, Duration guestStall) {}

    /** Runs it in that directory, which must be empty. */
    public static List<Kill> run(int kills, Path data, String mainClass, Consumer<String> progress)
            throws StartException, InterruptedException {
        FailoverBench bench = new FailoverBench(progress);
        Supervisor.Plan plan = new Supervisor.Plan(COORDINATORS, NODES, data, ListenAddress.ANY_PORT, false, mainClass);
        try (Supervisor supervisor = Supervisor.start(plan, bench::changed);
                TraplineConnection connection = TraplineConnection.builder()
                        .addresses(supervisor.addresses())
                        .timeout(PATIENCE)
                        .build()) {
            return bench.killAll(kills, supervisor, connection);
        }
    }

    private List<Kill> killAll(int kills, Supervisor supervisor, TraplineConnection connection)
            throws StartException, InterruptedException {
        Domain domain = connection.domains().create(16, 1, DomainMemory.DOMAIN_MEMORY_VOLATILE);
        DomainRef ref = DomainRef.of(domain);
        List<Kill> done = new ArrayList<>();
        try (TraplineConnection direct = TraplineConnection.to(nodeOf(connection, ref));
                PacedGuest guest = PacedGuest.start(direct.channel(), domain.getDomid());
                Claimer claimer = Claimer.start(connection, ref)) {
            for (int i = 1; i <= kills; i++) {
                awaitAllUp();
                Thread.sleep(SETTLED);
                var _ = guest.take();
                claimer.forget();
                long nanos = System.nanoTime();
                Supervisor.Change leader = leader();
                kill(leader.pid());
                Duration failover = claimer.firstAfter(nanos);
                Thread.sleep(SETTLED);
                PacedGuest.Seen seen = guest.take();
                // Not before: a JVM that starts would take the processors from those that elect.
                supervisor.startAgain(leader.id());
                done.add(new Kill(failover, seen.unavailable(), seen.longestWait()));
                progress.accept("kill " + i + " of " + kills + ": next claim after " + failover.toMillis()
                        + " ms, guest: " + seen.unavailable() + " unavailable, longest access "
                        + seen.longestWait().toMillis() + " ms");
            }
        }
        return done;
    }

    private static String nodeOf(TraplineConnection connection, DomainRef domain) {
        String primary = connection.domains().describe(domain).getShards(0).getPrimary();
        return connection.cluster().nodes().stream()
                .filter(node -> node.getId().equals(primary))
                .map(Node::getAddress)
                .findFirst()
                .orElseThrow();
    }

    private synchronized void changed(Supervisor.Change change) {
        processes.put(change.id(), change);
        notifyAll();
    }

    private synchronized void awaitAllUp() throws InterruptedException {
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

    private synchronized Supervisor.Change leader() {
        return processes.values().stream()
                .filter(each -> each.state() == ProcessState.LEADING)
                .findFirst()
                .orElseThrow();
    }

    private static void kill(long pid) {
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }
}
