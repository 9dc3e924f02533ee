package io.trapline.cli.chaos;

import io.trapline.client.DomainRef;
import io.trapline.client.TraplineConnection;
import io.trapline.client.TraplineException;
import io.trapline.faults.chaos.Fault;
import io.trapline.faults.chaos.Outlook;
import io.trapline.faults.chaos.Promotions;
import io.trapline.faults.chaos.Target;
import io.trapline.process.ProcessState;
import io.trapline.process.Supervisor;
import io.trapline.server.StartException;
import io.trapline.v1.DomainShard;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What can be done to a cluster of processes: each killed with {@code kill -9} and started again, stopped beyond every lease with SIGSTOP and let go on, or cut
 * off from others. Used by one thread.
 */
final class ProcessFaults {
    /** Longer than a lease, its margin, and an election. */
    private static final Duration STOPPED = Duration.ofMillis(2_500);

    private static final Duration DEAD = Duration.ofMillis(1_500);
    private static final long SEEN_DEAD_MILLIS = 2_000;
    private static final Duration SILENCE = Duration.ofMillis(500);
    private static final Logger LOG = LoggerFactory.getLogger(ProcessFaults.class);

    private final Processes processes;
    private final Supervisor supervisor;
    private final TraplineConnection observer;
    private final Outlook outlook;
    private final Harm harm;
    private final PairCuts pairs;
    private final Target.Domains domains;
    private final Promotions promotions;
    private final boolean isReplicated;
    private final AtomicInteger turn = new AtomicInteger();

    /**
     * What faults need.
     *
     * @param processes what they do
     * @param supervisor who starts them
     * @param observer who asks them
     * @param harm what is done to them
     * @param heldBytes how much was held back between them so far
     * @param isReplicated whether the domain that is to stay has a second copy
     */
    record Means(
            Processes processes,
            Supervisor supervisor,
            TraplineConnection observer,
            Harm harm,
            LongSupplier heldBytes,
            boolean isReplicated) {}

    ProcessFaults(Means means, Target.Domains domains, Promotions promotions) {
        this.processes = means.processes();
        this.supervisor = means.supervisor();
        this.observer = means.observer();
        this.outlook = new Outlook(observer);
        this.harm = means.harm();
        this.pairs = new PairCuts(means.harm(), means.heldBytes());
        this.isReplicated = means.isReplicated();
        this.domains = domains;
        this.promotions = promotions;
    }

    /** All kinds; {@code cut}: why nobody can be cut off, empty where that can be. */
    List<Fault> all(Optional<String> cut) {
        Optional<String> alone = processes.followers().isEmpty()
                ? Optional.of("one coordinator is no quorum without it")
                : Optional.empty();
        Optional<String> oneNode =
                processes.nodes().size() < 2 ? Optional.of("there is no other node") : Optional.empty();
        Optional<String> oneCopy =
                isReplicated ? Optional.empty() : Optional.of("the domain has its memory on that node only");
        Supplier<Optional<Supervisor.Change>> leader = processes::leader;
        Supplier<Optional<Supervisor.Change>> follower =
                () -> processes.followers().stream().findFirst();
        return List.of(
                kill("kill-leader", alone, leader),
                stop("stop-leader", alone, leader),
                cut("cut-leader", either(alone, cut), leader, this::peers),
                kill("kill-follower", alone, follower),
                stop("stop-follower", alone, follower),
                kill("kill-primary", oneCopy, this::primary),
                stop("stop-primary", Optional.empty(), this::primary),
                cut("cut-primary", either(oneNode, cut), this::primary, this::allOthers),
                kill("kill-only-copy", oneNode, this::holderOfTheOnlyCopy),
                kill("kill-other-node", oneNode, this::bystander),
                stop("stop-other-node", oneNode, this::other),
                pairs.fault("cut-nodes", either(oneNode, cut), true, this::pairs),
                pairs.fault("cut-nodes-one-way", either(oneNode, cut), false, this::pairs));
    }

    private static Optional<String> either(Optional<String> one, Optional<String> other) {
        return one.isPresent() ? one : other;
    }

    /** Each of them in turn, where there are several. */
    private Optional<Supervisor.Change> primary() {
        List<String> all = primaries();
        String node = all.get(Math.floorMod(turn.getAndIncrement(), all.size()));
        return node(node::equals);
    }

    /** Nodes that decide a shard of the domain that is to stay. */
    private List<String> primaries() {
        return shards(domains.lasting()).stream()
                .map(DomainShard::getPrimary)
                .distinct()
                .toList();
    }

    /** Nodes that have a copy of the domain that is to stay. */
    private Set<String> copies() {
        return shards(domains.lasting()).stream()
                .flatMap(shard -> List.of(shard.getPrimary(), shard.getBackup()).stream())
                .collect(Collectors.toSet());
    }

    private List<DomainShard> shards(int domid) {
        return observer.domains().describe(DomainRef.of(domid)).getShardsList();
    }

    private Optional<Supervisor.Change> other() {
        Optional<Supervisor.Change> primary = primary();
        return node(id -> primary.isPresent() && !id.equals(primary.get().id()));
    }

    /** One whose death takes no only copy of the domain that is to stay. */
    private Optional<Supervisor.Change> bystander() {
        Set<String> needed = isReplicated ? Set.copyOf(primaries()) : copies();
        return node(id -> !needed.contains(id));
    }

    /** The node of the domain that comes and goes, where the one that is to stay has no copy. */
    private Optional<Supervisor.Change> holderOfTheOnlyCopy() {
        Set<String> copies = copies();
        return domains.passing().stream()
                .mapToObj(domid -> shards(domid).getFirst().getPrimary())
                .flatMap(id -> node(id::equals).stream())
                .filter(node -> !copies.contains(node.id()))
                .findFirst();
    }

    private Optional<Supervisor.Change> node(Predicate<String> such) {
        return processes.nodes().stream().filter(node -> such.test(node.id())).findFirst();
    }

    private List<String> peers(Supervisor.Change leader) {
        return processes.others(leader.id(), Optional.of(leader.role()));
    }

    private List<String> allOthers(Supervisor.Change node) {
        return processes.others(node.id(), Optional.empty());
    }

    private Fault kill(String name, Optional<String> unavailable, Supplier<Optional<Supervisor.Change>> which) {
        return new Fault(name, unavailable, DEAD, random -> {
            Supervisor.Change victim = Outlook.asked(which);
            Broken broken = new Broken(victim, this::startAgain, victim.role().equals("node"));
            harm.kill(victim.pid());
            return broken;
        });
    }

    private void startAgain(Supervisor.Change victim) throws IOException, InterruptedException {
        if (!processes.await(victim.id(), ProcessState.DEAD, SEEN_DEAD_MILLIS)) {
            // Then it was not killed, and whoever asks for the effect is told that there is none.
            LOG.warn("{} is still there", victim.id());
            return;
        }
        if (victim.role().equals("node")) {
            processes.leaseOfTheDeadEnded();
        }
        try {
            supervisor.startAgain(victim.id());
        } catch (StartException cannot) {
            throw new IOException(cannot);
        }
    }

    private Fault stop(String name, Optional<String> unavailable, Supplier<Optional<Supervisor.Change>> which) {
        return new Fault(name, unavailable, STOPPED, random -> {
            Supervisor.Change victim = Outlook.asked(which);
            Broken broken = new Broken(victim, stopped -> harm.goOn(stopped.pid()), false);
            harm.stop(victim.pid());
            return broken;
        });
    }

    private interface Others {
        List<String> of(Supervisor.Change victim);
    }

    private Fault cut(
            String name, Optional<String> unavailable, Supplier<Optional<Supervisor.Change>> which, Others others) {
        return new Fault(name, unavailable, STOPPED, random -> {
            Supervisor.Change victim = Outlook.asked(which);
            Broken broken = new Broken(victim, cut -> harm.heal(), false);
            for (String other : others.of(victim)) {
                harm.hold(victim.id(), other);
                harm.hold(other, victim.id());
            }
            return broken;
        });
    }

    /** Of the domain's node with each other one, then of the others. */
    private List<List<String>> pairs() throws IOException, InterruptedException {
        String primary = Outlook.asked(this::primary).id();
        List<String> nodes = processes.nodes().stream()
                .map(Supervisor.Change::id)
                .sorted(Comparator.comparing(id -> !id.equals(primary)))
                .toList();
        List<List<String>> pairs = new ArrayList<>();
        for (int i = 0; i < nodes.size(); i++) {
            for (int j = i + 1; j < nodes.size(); j++) {
                pairs.add(List.of(nodes.get(i), nodes.get(j)));
            }
        }
        return pairs;
    }

    private interface Healing {
        void of(Supervisor.Change victim) throws IOException, InterruptedException;
    }

    /**
     * A process that was hit. It has an effect where another coordinator leads, where its lease ended, and another node took over what has a second copy, or,
     * for a follower, where the registry went on without it.
     */
    private final class Broken implements Fault.Broken {
        private final Supervisor.Change victim;
        private final Healing healing;
        private final boolean endsNodes;
        private final boolean isToBeReplaced;
        private final long leadersBefore = processes.leaderChanges();
        private final long promotionsBefore = promotions.count();
        private final long revisionBefore;
        private boolean isMissed;
        private boolean isSilent;
        private long missedRevisions;

        Broken(Supervisor.Change victim, Healing healing, boolean endsNodes) throws IOException, InterruptedException {
            this.victim = victim;
            this.healing = healing;
            this.endsNodes = endsNodes;
            revisionBefore = outlook.revision();
            isToBeReplaced = isReplicated
                    && victim.state() == ProcessState.SERVING
                    && Outlook.asked(() -> Optional.of(primaries())).contains(victim.id());
        }

        @Override
        public String target() {
            return victim.role() + " " + victim.id() + ", " + victim.state().text() + ", pid " + victim.pid();
        }

        @Override
        public void heal() throws IOException, InterruptedException {
            isMissed = victim.role().equals("node") && outlook.awaitUnusable(victim.id(), STOPPED);
            isSilent = victim.state() == ProcessState.FOLLOWING && !answers(victim.address());
            missedRevisions = outlook.revision() - revisionBefore;
            healing.of(victim);
        }

        @Override
        public boolean endsNodes() {
            return endsNodes;
        }

        @Override
        public String effect() {
            return switch (victim.state()) {
                case LEADING -> processes.leaderChanges() > leadersBefore ? "another coordinator leads" : "";
                case FOLLOWING ->
                    isSilent && missedRevisions > 0 ? "it was without " + missedRevisions + " revisions" : "";
                case SERVING -> isMissed ? lapsed() : "";
                case STARTING, WAITING, DRAINING, DEAD -> "";
            };
        }

        private String lapsed() {
            boolean isReplaced = promotions.count() > promotionsBefore;
            if (isReplaced) {
                return "its lease has ended, and " + Fault.TOOK_OVER;
            }
            return isToBeReplaced ? "" : "its lease has ended";
        }
    }

    /** Whether anybody answers there. */
    private static boolean answers(String address) {
        try (TraplineConnection direct = TraplineConnection.builder()
                .addresses(address)
                .principal("observer")
                .timeout(SILENCE)
                .build()) {
            direct.cluster().version();
            return true;
        } catch (TraplineException silent) {
            LOG.debug("{} does not answer", address, silent);
            return false;
        }
    }
}
