package io.trapline.sim.world.hosts;

import io.trapline.coordinator.registry.Result;
import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.DrainKind;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.internal.v1.LogEntry;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.model.MemType;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.protocol.ShardPlace;
import io.trapline.node.registry.DomainView;
import io.trapline.node.registry.RegistryView;
import io.trapline.sim.check.RequestChecks;
import io.trapline.sim.check.TypeTxnChecks;
import io.trapline.sim.world.cluster.check.ClaimChecks;
import io.trapline.sim.world.cluster.check.CopyChecks;
import io.trapline.sim.world.cluster.check.LeaseChecks;
import io.trapline.sim.world.cluster.check.LogChecks;
import io.trapline.sim.world.cluster.coordinator.CoordinatorProcess;
import io.trapline.sim.world.cluster.coordinator.NodeLine;
import io.trapline.sim.world.cluster.host.Agenda;
import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.sim.world.cluster.host.SimNet;
import io.trapline.sim.world.cluster.node.NodeProcess;
import io.trapline.sim.world.cluster.operator.Calls;
import io.trapline.sim.world.cluster.raft.SimLog;
import io.trapline.sim.world.cluster.seam.ClusterSeams;
import io.trapline.sim.world.copies.ShardWitness;
import io.trapline.sim.world.part.Layout;
import io.trapline.sim.world.part.Node;
import io.trapline.sim.world.part.Stage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The hosts, the processes on them and the network between them, and what is checked after each step. */
final class Hosts {
    final Agenda agenda;
    final SimNet net;
    final Stage stage;
    final List<SimHost> coordinatorHosts = new ArrayList<>();
    final List<SimHost> nodeHosts = new ArrayList<>();
    final LeaseChecks leaseChecks = new LeaseChecks();
    /** Of the domain's shards, by index. */
    final List<ShardWitness> witnesses = new ArrayList<>();

    final TypeTxnChecks typeChecks = new TypeTxnChecks(Layout.MAP);
    final RequestChecks requestChecks = new RequestChecks();
    final CopyChecks copyChecks = new CopyChecks();
    private final LogChecks logChecks = new LogChecks(this::inForce);
    private final ClaimChecks claimChecks = new ClaimChecks();
    private final ClusterSeams seams;
    private final SimLog log;
    private final long memoryBytes;
    private final Map<String, CoordinatorProcess> coordinators = new TreeMap<>();
    private final Map<String, NodeProcess> processes = new TreeMap<>();
    /** By host, of its last life. */
    private final Map<String, HostNode> nodes = new HashMap<>();

    private final RegistryView registry = new RegistryView();
    private final Map<Long, DrainRecord> drains = new TreeMap<>();
    /** By generation of the servers, since when they are where they are. */
    private final Map<Long, Long> homeEpochs = new HashMap<>();

    private long movedByAttach;
    private long movedOtherwise;
    private String leader;

    Hosts(Agenda agenda, Stage stage, ClusterSeams seams, int replicas, int nodeCount, long memoryBytes) {
        this.memoryBytes = memoryBytes;
        this.agenda = agenda;
        this.stage = stage;
        this.seams = seams;
        net = new SimNet(agenda);
        for (int i = 1; i <= replicas; i++) {
            coordinatorHosts.add(new SimHost(agenda, "c" + i, false));
        }
        for (int i = 1; i <= nodeCount; i++) {
            nodeHosts.add(new SimHost(agenda, "n" + i, false));
        }
        for (int i = 0; i < Layout.MAP.size(); i++) {
            witnesses.add(new ShardWitness(stage, typeChecks, requestChecks, i, Layout.MAP));
        }
        leader = coordinatorHosts.getFirst().name();
        log = new SimLog(agenda, net, coordinatorHosts, logChecks, Optional.empty());
        coordinatorHosts.forEach(this::startCoordinator);
        nodeHosts.forEach(this::startNode);
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

    /** Of a host that runs or is stopped. */
    CoordinatorProcess coordinator(SimHost host) {
        return Objects.requireNonNull(coordinators.get(host.name()));
    }

    void startNode(SimHost host) {
        host.start();
        List<String> addresses = coordinatorHosts.stream().map(SimHost::name).toList();
        NodeProcess.Coordinators ways = (from, address, first, session) ->
                new NodeLine(net, from, coordinatorHost(address), first, session, coordinators::get);
        processes.put(
                host.name(),
                new NodeProcess(agenda, host, seams, addresses, memoryBytes, ways, (life, serves, told) -> {
                    HostNode node = new HostNode(this, host, life, serves, told);
                    nodes.put(host.name(), node);
                    return node;
                }));
    }

    void crashNode(SimHost host) {
        host.crash();
        processes.remove(host.name());
    }

    /** Whether its process was told that its life is over. */
    boolean isOver(SimHost host) {
        NodeProcess process = processes.get(host.name());
        return process != null && process.isOver();
    }

    /** What runs or is stopped, by host. */
    Map<String, NodeProcess> processes() {
        return processes;
    }

    SimHost nodeHost(String name) {
        return nodeHosts.stream()
                .filter(host -> host.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private SimHost coordinatorHost(String name) {
        return coordinatorHosts.stream()
                .filter(host -> host.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /** The present life of a node; empty while it has none. */
    Optional<HostNode> node(String name) {
        return Optional.ofNullable(nodes.get(name)).filter(node -> processes.containsKey(name));
    }

    /** The last life of a node, whether it still is or not. */
    HostNode lastLife(SimHost host) {
        return Optional.ofNullable(nodes.get(host.name())).orElseThrow();
    }

    List<HostNode> lives() {
        return processes.keySet().stream().map(name -> node(name).orElseThrow()).toList();
    }

    // ---- calls

    /** One attempt, at whoever was heard of as the leader; no answer where it is not known what became of it. */
    void execute(SimHost from, Command command, Consumer<Optional<Answer>> reply) {
        call(from, command, false, answer -> reply.accept(answer));
    }

    void call(SimHost from, Command command, boolean waits, Consumer<Optional<Answer>> reply) {
        String address = leader;
        Calls.Attempt attempt = new Calls.Attempt() {
            @Override
            public void returned(Answer answer) {
                leaseChecks.returned(answer.getRevision());
                reply.accept(Optional.of(answer));
            }

            @Override
            public void refused(String named) {
                leader = named.isEmpty() ? agenda.oneOf(coordinatorHosts).name() : named;
                reply.accept(Optional.empty());
            }

            @Override
            public void lost() {
                leader = agenda.oneOf(coordinatorHosts).name();
                reply.accept(Optional.empty());
            }
        };
        net.open(from, coordinatorHost(address), stream -> {
                    @Nullable CoordinatorProcess process = coordinators.get(address);
                    if (process != null) {
                        process.execute(command, waits, stream, attempt);
                    }
                })
                .onLostAtClient(attempt::lost);
    }

    // ---- checks

    /** The domain as the registry has it; empty before it is there. */
    Optional<DomainView> domain() {
        return stage.promises.registry();
    }

    /** Whether the domain has lost memory: with the only copy of some, as it may (D4, V-13). */
    boolean isLost() {
        return domain().filter(now -> now.table().state() == DecisionTable.State.CRASHED)
                .isPresent();
    }

    boolean hasOpenDrains() {
        return !drains.isEmpty();
    }

    /** The next thing happens, and everything holds after it. */
    void step() {
        agenda.step();
        leaseChecks.stepped(processes.values(), coordinators.values());
    }

    private void inForce(LogEntry entry, long appendedNanos, List<Result> results) {
        for (int i = 0; i < results.size(); i++) {
            Command command = entry.getCommands(i);
            results.get(i).change().ifPresent(change -> inForce(command, change));
        }
    }

    private void inForce(Command command, RegistryChange change) {
        claimChecks.inForce(command, change);
        copyChecks.inForce(command, change);
        leaseChecks.inForce(command, change.getRevision(), processes.values());
        for (long ended : change.getEndedDrainsList()) {
            DrainRecord drain = drains.remove(ended);
            if (drain != null && command.hasFinishDrain()) {
                mustBeDrained(drain);
            }
        }
        change.getDrainsList().forEach(drain -> drains.put(drain.getRevision(), drain));
        registry.apply(change).changed().forEach(changed -> {
            sayMoves(command, changed.view());
            countMoves(command, changed.view());
            stage.promises.registry(changed.view());
            Map<Integer, Long> present = new TreeMap<>();
            changed.view().servers().forEach(server -> present.put(server.id(), server.generation()));
            stage.servers(changed.view().table().revision(), present);
            changed.opened().forEach(opening -> stage.history.reopened(opening.vcpu(), opening.epoch()));
        });
    }

    private void sayMoves(Command command, DomainView now) {
        if (!domain().map(DomainView::places).equals(Optional.of(now.places()))) {
            agenda.say(() -> command.getCommandCase() + ": the shards are at " + now.places());
        }
    }

    private void countMoves(Command command, DomainView now) {
        for (ServerView server : now.servers()) {
            Long before = homeEpochs.put(server.generation(), server.homeEpoch());
            if (before != null && before != server.homeEpoch()) {
                if (command.hasAttachEmulator()) {
                    movedByAttach++;
                } else {
                    movedOtherwise++;
                }
            }
        }
    }

    /** V-10: whoever serves has nothing left of it. */
    private void mustBeDrained(DrainRecord drain) {
        boolean release = drain.getKind() == DrainKind.DRAIN_KIND_RELEASE;
        int x = release ? drain.getTypeValue() - MemType.IOREQ_SERVER_CODE : -1;
        for (NodeProcess process : processes.values()) {
            Node node = node(process.life().getNode()).orElseThrow().node();
            if (process.serves()) {
                node.mustBeDrained(drain.getId(), drain.getGeneration(), drain.getRevision(), x);
            }
        }
    }

    /** The node that decides a shard, as the registry has it. */
    SimHost primary(int shard) {
        return nodeHost(domain().orElseThrow().primaries().get(shard).node());
    }

    /** Where a server is at home, as the registry has it. */
    SimHost home(int server) {
        return nodeHost(Objects.requireNonNull(domain().orElseThrow().homes().get(server))
                .node());
    }

    /** How often a home has moved: because an emulator attached elsewhere, or otherwise. */
    long homesMoved(boolean byAttach) {
        return byAttach ? movedByAttach : movedOtherwise;
    }

    /** Whether that life's host runs, in that life. */
    boolean isAlive(Life life) {
        return node(life.node()).filter(node -> node.life().equals(life)).isPresent();
    }

    /** Whether a shard would be lost with that host. */
    boolean hasOnlyCopy(SimHost host) {
        return domain().stream().flatMap(now -> now.places().stream()).anyMatch(place -> {
            boolean isHere = place.primary().node().equals(host.name())
                    || (isDual(place) && place.copy().orElseThrow().node().equals(host.name()));
            return isHere
                    && copies(place)
                            .filter(life -> !life.node().equals(host.name()))
                            .noneMatch(this::isAlive);
        });
    }

    private static boolean isDual(ShardPlace place) {
        return place.state() == ShardPlace.State.DUAL;
    }

    private static Stream<Life> copies(ShardPlace place) {
        return Stream.concat(Stream.of(place.primary()), isDual(place) ? place.copy().stream() : Stream.empty());
    }

    /** The hosts of the other copies of what that host has a copy of. */
    List<SimHost> partners(SimHost host) {
        return domain().stream()
                .flatMap(now -> now.places().stream())
                .filter(place -> copies(place).anyMatch(life -> life.node().equals(host.name())))
                .flatMap(Hosts::copies)
                .map(life -> nodeHost(life.node()))
                .filter(other -> other != host)
                .distinct()
                .toList();
    }

    long lapses() {
        return leaseChecks.lapses();
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        coordinators.values().forEach(each -> text.append("  ").append(each).append('\n'));
        processes.values().forEach(each -> text.append("  ").append(each).append('\n'));
        lives().forEach(each -> text.append("  ").append(each).append('\n'));
        text.append("  drains ").append(drains.keySet()).append('\n');
        return text.toString();
    }
}
