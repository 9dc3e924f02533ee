package io.trapline.cli.chaos;

import io.trapline.client.DomainRef;
import io.trapline.client.TraplineConnection;
import io.trapline.client.TraplineException;
import io.trapline.embedded.TemporaryDirectory;
import io.trapline.faults.chaos.Fault;
import io.trapline.faults.chaos.Target;
import io.trapline.process.ProcessState;
import io.trapline.process.Supervisor;
import io.trapline.server.ListenAddress;
import io.trapline.server.StartException;
import io.trapline.v1.DomainMemory;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A cluster of processes, each in a JVM of its own: killed with {@code kill -9} and started again, or stopped beyond every lease with SIGSTOP and let go on. A
 * domain is on one node without a second copy, so that the node that has it is not killed, only stopped.
 */
public final class ProcessTarget implements Target, AutoCloseable {
    /** Longer than a lease, its margin, and an election. */
    private static final Duration STOPPED = Duration.ofMillis(2_500);

    private static final Duration DEAD = Duration.ofMillis(1_500);
    private static final long ALL_UP_MILLIS = 60_000;
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final long POLL_MILLIS = 50;

    private static final Logger LOG = LoggerFactory.getLogger(ProcessTarget.class);

    private final TemporaryDirectory data;
    private final Processes processes;
    private final Supervisor supervisor;
    private final TraplineConnection observer;

    private ProcessTarget(TemporaryDirectory data, Processes processes, Supervisor supervisor) {
        this.data = data;
        this.processes = processes;
        this.supervisor = supervisor;
        this.observer = TraplineConnection.builder()
                .addresses(supervisor.addresses())
                .principal("observer")
                .timeout(PATIENCE)
                .build();
    }

    /** Starts so many processes, and waits until all of them are up. */
    public static ProcessTarget start(int coordinators, int nodes, String mainClass)
            throws StartException, InterruptedException {
        TemporaryDirectory data = TemporaryDirectory.create(false);
        Processes processes = new Processes();
        boolean isStarted = false;
        try {
            Supervisor.Plan plan =
                    new Supervisor.Plan(coordinators, nodes, data.path(), ListenAddress.ANY_PORT, false, mainClass);
            ProcessTarget target = new ProcessTarget(data, processes, Supervisor.start(plan, processes::changed));
            isStarted = true;
            return target;
        } finally {
            if (!isStarted) {
                data.close();
            }
        }
    }

    @Override
    public String addresses() {
        return supervisor.addresses();
    }

    @Override
    public DomainMemory memory() {
        return DomainMemory.DOMAIN_MEMORY_VOLATILE;
    }

    @Override
    public Effects effects() {
        return new Effects(processes.leaderChanges(), 0, processes.leaseExpiries());
    }

    @Override
    public List<Fault> faults(int domid) {
        Optional<String> alone = processes.followers().isEmpty()
                ? Optional.of("one coordinator is no quorum without it")
                : Optional.empty();
        Optional<String> oneNode =
                processes.nodes().size() < 2 ? Optional.of("there is no other node") : Optional.empty();
        Optional<String> oneCopy = Optional.of("the domain has its memory on that node only");
        Optional<String> direct = Optional.of("processes go to each other without a proxy");
        return List.of(
                kill("kill-leader", alone, () -> processes.leader()),
                stop("stop-leader", alone, () -> processes.leader()),
                kill(
                        "kill-follower",
                        alone,
                        () -> processes.followers().stream().findFirst()),
                stop(
                        "stop-follower",
                        alone,
                        () -> processes.followers().stream().findFirst()),
                kill("kill-primary", oneCopy, () -> primary(domid)),
                stop("stop-primary", Optional.empty(), () -> primary(domid)),
                kill("kill-other-node", oneNode, () -> other(domid)),
                stop("stop-other-node", oneNode, () -> other(domid)),
                new Fault("cut-leader", direct, STOPPED, ProcessTarget::impossible),
                new Fault("cut-primary", direct, STOPPED, ProcessTarget::impossible));
    }

    private static Fault.Broken impossible(SplittableRandom random) {
        throw new IllegalStateException("a fault that is not available");
    }

    private Optional<Supervisor.Change> primary(int domid) {
        String node =
                observer.domains().describe(DomainRef.of(domid)).getShards(0).getPrimary();
        return processes.nodes().stream().filter(each -> each.id().equals(node)).findFirst();
    }

    private Optional<Supervisor.Change> other(int domid) {
        Optional<String> primary = primary(domid).map(Supervisor.Change::id);
        return processes.nodes().stream()
                .filter(each -> primary.isPresent() && !each.id().equals(primary.get()))
                .findFirst();
    }

    /** Which process is hit. */
    private Supervisor.Change hit(Supplier<Optional<Supervisor.Change>> which)
            throws IOException, InterruptedException {
        return asked(() -> which.get().orElseThrow());
    }

    /** The answer of whoever can give it: what was broken before may keep some from that for a while. */
    private static <T> T asked(Supplier<T> question) throws IOException, InterruptedException {
        long deadlineNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ALL_UP_MILLIS);
        while (true) {
            try {
                return question.get();
            } catch (TraplineException | NoSuchElementException notNow) {
                if (System.nanoTime() > deadlineNanos) {
                    throw new IOException("the cluster does not say where things are: " + notNow.getMessage(), notNow);
                }
                TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            }
        }
    }

    private Fault kill(String name, Optional<String> unavailable, Supplier<Optional<Supervisor.Change>> which) {
        return new Fault(name, unavailable, DEAD, random -> {
            Broken broken = new Broken(hit(which));
            Processes.kill(broken.victim.pid());
            return broken;
        });
    }

    private Fault stop(String name, Optional<String> unavailable, Supplier<Optional<Supervisor.Change>> which) {
        return new Fault(name, unavailable, STOPPED, random -> {
            Broken broken = new Broken(hit(which));
            Processes.signal("STOP", broken.victim.pid());
            broken.isStopped = true;
            return broken;
        });
    }

    /**
     * A process that was hit. It has an effect where another coordinator leads, where its lease ended, or, for a follower, where the registry went on without
     * it.
     */
    private final class Broken implements Fault.Broken {
        private final Supervisor.Change victim;
        private final long leadersBefore = processes.leaderChanges();
        private final long revisionBefore;
        private boolean isStopped;
        private boolean isMissed;
        private long missedRevisions;

        Broken(Supervisor.Change victim) throws IOException, InterruptedException {
            this.victim = victim;
            revisionBefore = revision();
        }

        @Override
        public String target() {
            return victim.role() + " " + victim.id() + ", " + victim.state().text() + ", pid " + victim.pid();
        }

        @Override
        public void heal() throws IOException, InterruptedException {
            isMissed = victim.role().equals("node") && awaitUnusable(victim.id());
            missedRevisions = revision() - revisionBefore;
            if (isStopped) {
                Processes.signal("CONT", victim.pid());
                return;
            }
            processes.await(victim.id(), ProcessState.DEAD, ALL_UP_MILLIS);
            try {
                supervisor.startAgain(victim.id());
            } catch (StartException cannot) {
                throw new IOException(cannot);
            }
        }

        @Override
        public String effect() {
            return switch (victim.state()) {
                case LEADING -> processes.leaderChanges() > leadersBefore ? "another coordinator leads" : "";
                case FOLLOWING -> missedRevisions > 0 ? "it was without " + missedRevisions + " revisions" : "";
                case SERVING -> isMissed ? "its lease has ended" : "";
                case STARTING, WAITING, DEAD -> "";
            };
        }
    }

    private long revision() throws IOException, InterruptedException {
        return asked(() -> observer.cluster().version().getRevision());
    }

    /** Whether the others notice within a while that its lease has ended. */
    private boolean awaitUnusable(String id) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + STOPPED.toNanos();
        while (System.nanoTime() < deadlineNanos) {
            try {
                if (observer.cluster().nodes().stream()
                        .anyMatch(node -> node.getId().equals(id) && !node.getUsable())) {
                    return true;
                }
            } catch (TraplineException notNow) {
                // It was perhaps this node that was asked: the next attempt goes to another.
                LOG.debug("asked in vain", notNow);
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
        return false;
    }

    @Override
    public void awaitWhole() throws IOException, InterruptedException {
        if (!processes.awaitAllUp(ALL_UP_MILLIS)) {
            throw new IOException("not all processes came up again within " + ALL_UP_MILLIS / 1_000 + " s");
        }
    }

    @Override
    public void close() {
        observer.close();
        supervisor.close();
        data.close();
    }
}
