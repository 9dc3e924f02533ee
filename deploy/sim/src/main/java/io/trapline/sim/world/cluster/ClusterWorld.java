package io.trapline.sim.world.cluster;

import io.trapline.internal.v1.Snapshot;
import io.trapline.sim.check.Violation;
import io.trapline.sim.run.Run;
import io.trapline.sim.run.Variant;
import io.trapline.sim.run.WorldKind;
import io.trapline.sim.world.cluster.coordinator.CoordinatorProcess;
import io.trapline.sim.world.cluster.host.Agenda;
import io.trapline.sim.world.cluster.node.NodeProcess;
import io.trapline.sim.world.cluster.operator.Operator;
import io.trapline.sim.world.cluster.raft.SimReplica;
import io.trapline.sim.world.cluster.seam.ClusterPlant;
import io.trapline.sim.world.cluster.seam.ClusterSeams;
import io.trapline.v1.ShardState;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** A cluster in which everything may fail, until it is healed; then everything must come to an end (G-1, G-2, G-4). */
public final class ClusterWorld implements Run {
    private static final int STEPS = 10_000;
    private static final long MILLIS = 1_000_000;

    /** One lease and two elections (G-2), on the slowest clock, with slow disks and actors. */
    private static final long SERVES_WITHIN = 6_000 * MILLIS;

    private static final long ENDS_WITHIN = 20_000 * MILLIS;
    private static final long REVISION_OF_GENERATION = (1L << 48) - 1;
    private static final long SETTLES = 1_000 * MILLIS;

    private final Agenda agenda;
    private final ClusterSeams seams;
    private Cluster cluster;
    private Faults faults;
    private Moves moves;
    private int restores;

    ClusterWorld(long seed, ClusterSeams seams, int traceLines) {
        agenda = new Agenda(seed, traceLines);
        this.seams = seams;
        cluster = cluster(Optional.empty());
        faults = new Faults(cluster);
        moves = new Moves(cluster);
    }

    private Cluster cluster(Optional<Cluster.Restored> restored) {
        int replicas = agenda.oneOf(List.of(3, 3, 3, 3, 3, 3, 1, 5));
        return new Cluster(agenda, seams, replicas, agenda.oneOf(List.of(1, 2, 3, 3)), 1 + agenda.upTo(2), restored);
    }

    /** This kind of world, as it is and with each plant. */
    public static WorldKind kind() {
        return new WorldKind(
                "cluster",
                "coordinators, nodes and operators on hosts of their own, which fail",
                STEPS,
                variant(ClusterPlant.NONE),
                Arrays.stream(ClusterPlant.values())
                        .filter(plant -> plant != ClusterPlant.NONE)
                        .map(ClusterWorld::variant)
                        .toList());
    }

    private static Variant variant(ClusterPlant plant) {
        String name = plant == ClusterPlant.NONE
                ? Variant.NONE
                : plant.name().toLowerCase(Locale.ROOT).replace('_', '-');
        return new Variant(
                name,
                plant.breaks(),
                plant.noticedBy(),
                (seed, traceLines) -> new ClusterWorld(seed, plant.seams(), traceLines));
    }

    @Override
    public void run(int steps) {
        begin();
        Losses losses = new Losses(agenda, seams, steps);
        for (int i = 0; i < steps; i++) {
            cluster.step();
            losses.stepped(cluster).ifPresent(this::loseAll);
        }
        restores = losses.restores();
        faults.heal();
        moves.enough();
        cluster.operators.forEach(Operator::enough);
        end();
    }

    private void begin() {
        for (Operator operator : cluster.operators) {
            operator.begin(operator == cluster.operators.getFirst());
        }
        faults.begin();
        moves.begin();
    }

    private void loseAll(Cluster.Restored restored) {
        faults.end();
        moves.end();
        cluster = cluster(Optional.of(restored));
        faults = new Faults(cluster);
        moves = new Moves(cluster);
        begin();
    }

    private void end() {
        long healed = agenda.now();
        boolean servedBefore = false;
        while (!isQuiet()) {
            cluster.step();
            faults.restartOver();
            servedBefore |= allServe();
            if (!servedBefore && agenda.now() - healed > SERVES_WITHIN) {
                throw new Violation("G-2", "not every node serves in time after faults have ended:%n%s", cluster);
            }
            if (agenda.now() - healed > ENDS_WITHIN) {
                throw new Violation("G-1, G-4", "no end after faults have ended:%n%s%s", cluster, openDrains());
            }
        }
        long quiet = agenda.now();
        while (agenda.now() - quiet < SETTLES) {
            cluster.step();
        }
        compare();
    }

    private boolean allServe() {
        return cluster.nodes().size() == cluster.nodeHosts.size()
                && cluster.nodes().values().stream().allMatch(NodeProcess::serves);
    }

    private boolean isQuiet() {
        return allServe()
                && cluster.operators.stream().noneMatch(Operator::isBusy)
                && leader().map(leader -> leader.replica().view().drains().isEmpty()
                                && leader.replica().view().unattended().isEmpty()
                                && isCopied(leader))
                        .orElse(false);
    }

    /** G-3: what is being copied comes to an end. */
    private static boolean isCopied(CoordinatorProcess leader) {
        return leader.replica().registry().snapshot().getDomainsList().stream()
                .noneMatch(placed -> placed.getRuns(0).getState() == ShardState.SHARD_STATE_SYNCING);
    }

    private Optional<CoordinatorProcess> leader() {
        return cluster.coordinators().values().stream()
                .filter(process -> process.leadsInTerm() > 0)
                .findFirst();
    }

    private String openDrains() {
        return leader().map(leader -> "drains " + leader.replica().view().drains())
                .orElse("no leader");
    }

    /** V-1: every replica that runs has come to the same. */
    private void compare() {
        SimReplica first = leader().orElseThrow().replica();
        Snapshot expected = first.registry().snapshot();
        for (CoordinatorProcess process : cluster.coordinators().values()) {
            SimReplica other = process.replica();
            if (other.applied() == first.applied()
                    && !other.registry().snapshot().equals(expected)) {
                throw new Violation(
                        "V-1",
                        "%s has come to%n%s, and %s to%n%s",
                        other,
                        other.registry().snapshot(),
                        first,
                        expected);
            }
        }
    }

    @Override
    public long steps() {
        return agenda.steps();
    }

    @Override
    public Map<String, Long> counts() {
        return Map.ofEntries(
                Map.entry("restores", (long) restores),
                Map.entry("entries", (long) cluster.logChecks.size()),
                Map.entry("revisions", cluster.logChecks.revision() & REVISION_OF_GENERATION),
                Map.entry("grants", cluster.leaseChecks.grants()),
                Map.entry("lapses", cluster.leaseChecks.lapses()),
                Map.entry("releases without an emulator", cluster.graceChecks.releases()),
                Map.entry("standbys took over", cluster.sessionChecks.takenOver()),
                Map.entry("attempts", cluster.callChecks.attempts()),
                Map.entry("attempts again", cluster.callChecks.attemptsAgain()),
                Map.entry("changes acknowledged", cluster.copyChecks.acknowledged()),
                Map.entry("promotions", cluster.copyChecks.promotions()),
                Map.entry("drains said again", cluster.drainReports.again()),
                Map.entry("simulated ms", agenda.now() / MILLIS),
                Map.entry(
                        "calls returned",
                        cluster.operators.stream().mapToLong(Operator::returned).sum()));
    }

    @Override
    public List<String> trace() {
        return agenda.trace();
    }
}
