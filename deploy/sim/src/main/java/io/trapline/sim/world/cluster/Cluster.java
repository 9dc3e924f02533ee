package io.trapline.sim.world.cluster;

import io.trapline.coordinator.registry.Result;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.LogEntry;
import io.trapline.internal.v1.NodeSessionRequest;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.Snapshot;
import io.trapline.sim.world.cluster.check.CallChecks;
import io.trapline.sim.world.cluster.check.ClaimChecks;
import io.trapline.sim.world.cluster.check.CopyChecks;
import io.trapline.sim.world.cluster.check.DrainReports;
import io.trapline.sim.world.cluster.check.GraceChecks;
import io.trapline.sim.world.cluster.check.LeaseChecks;
import io.trapline.sim.world.cluster.check.LogChecks;
import io.trapline.sim.world.cluster.check.SessionChecks;
import io.trapline.sim.world.cluster.coordinator.CoordinatorProcess;
import io.trapline.sim.world.cluster.coordinator.NodeLine;
import io.trapline.sim.world.cluster.host.Agenda;
import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.sim.world.cluster.host.SimNet;
import io.trapline.sim.world.cluster.node.NodeProcess;
import io.trapline.sim.world.cluster.node.NodeRegistryActor;
import io.trapline.sim.world.cluster.operator.Calls;
import io.trapline.sim.world.cluster.operator.Operator;
import io.trapline.sim.world.cluster.raft.SimLog;
import io.trapline.sim.world.cluster.request.Requests;
import io.trapline.sim.world.cluster.seam.ClusterSeams;
import io.trapline.v1.Claim;
import io.trapline.v1.ClaimState;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Hosts, the processes on them, the network between them, and what is checked after each step. */
final class Cluster {
    final Agenda agenda;
    final SimNet net;
    final ClusterSeams seams;
    final List<SimHost> coordinatorHosts = new ArrayList<>();
    final List<SimHost> nodeHosts = new ArrayList<>();
    final List<Operator> operators = new ArrayList<>();
    final SimLog log;
    final LogChecks logChecks;
    final LeaseChecks leaseChecks = new LeaseChecks();
    final ClaimChecks claimChecks = new ClaimChecks();
    final GraceChecks graceChecks = new GraceChecks();
    final SessionChecks sessionChecks = new SessionChecks();
    final CallChecks callChecks = new CallChecks();
    final CopyChecks copyChecks = new CopyChecks();
    final DrainReports drainReports = new DrainReports();
    private final Map<String, CoordinatorProcess> coordinators = new TreeMap<>();
    private final Map<String, NodeProcess> nodes = new TreeMap<>();
    /** By host, of its last life. */
    private final Map<String, NodeRegistryActor> registries = new TreeMap<>();

    /**
     * What a cluster begins with that goes on with a backup.
     *
     * @param registry in its new generation
     * @param before the last revision that was given out by any cluster before
     */
    record Restored(Snapshot registry, long before) {}

    Cluster(
            Agenda agenda,
            ClusterSeams seams,
            int replicas,
            int nodeCount,
            int operatorCount,
            Optional<Restored> restored) {
        this.agenda = agenda;
        this.seams = seams;
        net = new SimNet(agenda);
        for (int i = 1; i <= replicas; i++) {
            coordinatorHosts.add(new SimHost(agenda, "c" + i, false));
        }
        for (int i = 1; i <= nodeCount; i++) {
            nodeHosts.add(new SimHost(agenda, "n" + i, seams.clockStopsWithProcess()));
        }
        logChecks = restored.map(it -> LogChecks.restored(this::inForce, it.before()))
                .orElseGet(() -> new LogChecks(this::inForce));
        restored.ifPresent(it -> {
            claimChecks.begin(it.registry().getClaimsList());
            drainReports.begin(it.registry());
            graceChecks.begin(it.registry(), agenda.now());
            sessionChecks.begin(it.registry());
        });
        log = new SimLog(agenda, net, coordinatorHosts, logChecks, restored.map(Restored::registry));
        coordinatorHosts.forEach(this::startCoordinator);
        nodeHosts.forEach(this::startNode);
        for (int i = 1; i <= operatorCount; i++) {
            SimHost host = new SimHost(agenda, "o" + i, false);
            host.start();
            operators.add(new Operator(
                    agenda,
                    host,
                    this::call,
                    names(coordinatorHosts),
                    names(nodeHosts),
                    seams,
                    leaseChecks,
                    callChecks,
                    sessionChecks));
        }
    }

    private static List<String> names(List<SimHost> hosts) {
        return hosts.stream().map(SimHost::name).toList();
    }

    // ---- processes

    void startCoordinator(SimHost host) {
        host.start();
        coordinators.put(
                host.name(),
                new CoordinatorProcess(
                        agenda, net, log, coordinatorHosts.indexOf(host), coordinators::get, leaseChecks, seams));
    }

    void crashCoordinator(SimHost host) {
        host.crash();
        coordinators.remove(host.name());
        log.crashed(coordinatorHosts.indexOf(host));
    }

    void startNode(SimHost host) {
        host.start();
        nodes.put(
                host.name(),
                new NodeProcess(agenda, host, seams, names(coordinatorHosts), this::open, (life, serves, told) -> {
                    NodeRegistryActor actor =
                            new NodeRegistryActor(agenda, host, seams, life, new BetweenNodes(), serves, told);
                    registries.put(host.name(), actor);
                    return actor;
                }));
    }

    void crashNode(SimHost host) {
        host.crash();
        nodes.remove(host.name());
    }

    /** All of it is gone. */
    void crashAll() {
        coordinatorHosts.stream().filter(SimHost::isUp).forEach(this::crashCoordinator);
        nodeHosts.stream().filter(SimHost::isUp).forEach(this::crashNode);
        operators.forEach(Operator::crash);
    }

    /** What runs or is stopped, by host. */
    Map<String, CoordinatorProcess> coordinators() {
        return coordinators;
    }

    /** What runs or is stopped, by host. */
    Map<String, NodeProcess> nodes() {
        return nodes;
    }

    private NodeProcess.SessionLine open(
            SimHost from, String address, NodeSessionRequest first, NodeProcess.NodeSession session) {
        return new NodeLine(net, from, hostOf(address), first, session, coordinators::get);
    }

    private final class BetweenNodes implements NodeRegistryActor.Peers {
        @Override
        public void send(SimHost from, String node, Supplier<String> what, Consumer<NodeRegistryActor> arrive) {
            SimHost to = nodeHosts.stream()
                    .filter(host -> host.name().equals(node))
                    .findFirst()
                    .orElseThrow();
            net.send(from, to, what, () -> {
                @Nullable NodeRegistryActor registry = registries.get(node);
                if (nodes.containsKey(node) && registry != null) {
                    arrive.accept(registry);
                }
            });
        }

        @Override
        public void propose(SimHost from, String coordinator, Command command) {
            call(from, coordinator, command, false, Calls.UNHEARD);
        }

        @Override
        public CopyChecks checks() {
            return copyChecks;
        }

        @Override
        public DrainReports drainReports() {
            return drainReports;
        }
    }

    void call(SimHost from, String address, Command command, boolean waits, Calls.Attempt attempt) {
        net.open(from, hostOf(address), stream -> {
                    @Nullable CoordinatorProcess process = coordinators.get(address);
                    if (process != null) {
                        process.execute(command, waits, stream, attempt);
                    }
                })
                .onLostAtClient(attempt::lost);
    }

    private SimHost hostOf(String coordinator) {
        return coordinatorHosts.stream()
                .filter(host -> host.name().equals(coordinator))
                .findFirst()
                .orElseThrow();
    }

    // ---- checks

    /** The next thing happens, and everything holds after it. False: nothing is left to happen. */
    boolean step() {
        boolean stepped = agenda.step();
        leaseChecks.stepped(nodes.values(), coordinators.values());
        return stepped;
    }

    private void inForce(LogEntry entry, long appendedNanos, List<Result> results) {
        Collection<NodeProcess> all = nodes.values();
        for (int i = 0; i < results.size(); i++) {
            Command command = entry.getCommands(i);
            Result result = results.get(i);
            Requests.id(command).ifPresent(id -> callChecks.inForce(id, result.answer()));
            result.change().ifPresent(change -> {
                claimChecks.inForce(command, change);
                graceChecks.inForce(command, change, agenda.now());
                sessionChecks.inForce(command, change);
                copyChecks.inForce(command, change);
                drainReports.inForce(change, all);
                leaseChecks.inForce(command, change.getRevision(), all);
                if (command.hasFinishDrain()) {
                    leaseChecks.drained(freed(change), all);
                }
            });
        }
    }

    private static List<Long> freed(RegistryChange change) {
        return change.getClaimsList().stream()
                .filter(claim -> claim.getState() == ClaimState.CLAIM_STATE_FREE)
                .map(Claim::getEpoch)
                .toList();
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        coordinators.values().forEach(each -> text.append("  ").append(each).append('\n'));
        nodes.values().forEach(each -> text.append("  ").append(each).append('\n'));
        operators.forEach(each -> text.append("  ").append(each).append('\n'));
        return text.toString();
    }
}
