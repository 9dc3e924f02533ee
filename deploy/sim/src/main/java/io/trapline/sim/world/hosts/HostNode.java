package io.trapline.sim.world.hosts;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.model.Refusal;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.peer.LinkAdmission;
import io.trapline.node.peer.TrafficClass;
import io.trapline.node.protocol.Life;
import io.trapline.node.registry.ClientSessions;
import io.trapline.node.registry.Departure;
import io.trapline.node.registry.PeerNode;
import io.trapline.sim.run.Chance;
import io.trapline.sim.world.cluster.host.Mailbox;
import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.sim.world.cluster.host.SimStream;
import io.trapline.sim.world.cluster.node.NodeProcess.Follower;
import io.trapline.sim.world.cluster.node.NodeProcess.Told;
import io.trapline.sim.world.copies.CopiedMemory;
import io.trapline.sim.world.part.Node;
import io.trapline.sim.world.part.Place;
import io.trapline.sim.world.part.ServerActor;
import io.trapline.sim.world.part.Way;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** One life of a node on a host of its own: its actors' mailboxes, its links to other nodes, and what it tells the coordinators. */
final class HostNode implements Place, Follower {
    private static final long TICK = 10_000_000;
    private static final int TELL_ACKNOWLEDGED = 20;
    private static final int LARGE_WAITS_NANOS = 150_000_000;
    private static final int SLOW = 300;
    private static final long SLOWEST = 30_000_000;

    private final Hosts hosts;
    private final SimHost host;
    private final Life life;
    private final BooleanSupplier serves;
    private final Told told;
    private final Node node;
    private final Map<String, Mailbox> mailboxes = new HashMap<>();
    private final Map<Life, OutgoingLink> outgoing = new LinkedHashMap<>();
    private final Map<Life, IncomingLink> incoming = new LinkedHashMap<>();
    private final Map<String, Life> peers = new HashMap<>();
    private final Set<Life> over = new HashSet<>();
    private long revision;
    private boolean isLeaving;
    private boolean isOtherOpen;
    private long ticks;

    HostNode(Hosts hosts, SimHost host, NodeLife life, BooleanSupplier serves, Told told) {
        this.hosts = hosts;
        this.host = host;
        this.life = new Life(life.getNode(), life.getIncarnation());
        this.serves = serves;
        this.told = told;
        node = new Node(hosts.stage, this, (stage, place, of) -> new CopiedMemory(stage, place, of, hosts.witnesses));
        tick();
    }

    Node node() {
        return node;
    }

    /** What it has of the domain's memory. */
    CopiedMemory memory() {
        return (CopiedMemory) node.memory();
    }

    private void tick() {
        host.after(TICK, () -> {
            List.copyOf(outgoing.values()).forEach(OutgoingLink::tick);
            List.copyOf(incoming.values()).forEach(IncomingLink::tick);
            node.tick();
            if (++ticks % TELL_ACKNOWLEDGED == 0) {
                tellAcknowledged();
            }
            tick();
        });
    }

    private void tellAcknowledged() {
        ClientSessions sessions = memory().sessions();
        SortedMap<Long, Long> heard = sessions.takeAcknowledged();
        if (!heard.isEmpty()) {
            told.acknowledged(heard);
        }
        sessions.tellAcknowledged();
    }

    @Override
    public void acknowledged(long session, long through) {
        memory().sessions().acknowledged(session, hosts.stage.seams.acknowledged(through));
    }

    @Override
    public Life life() {
        return life;
    }

    @Override
    public long now() {
        return host.clock().getAsLong();
    }

    @Override
    public boolean serves() {
        return serves.getAsBoolean();
    }

    @Override
    public Way between(String from, String to) {
        Mailbox mailbox = mailboxes.computeIfAbsent(to, fresh -> new Mailbox(hosts.agenda, host, SLOW, SLOWEST));
        return (what, arrive) -> mailbox.tell(() -> {
            hosts.agenda.say(() -> host.name() + ": " + from + " → " + to + ": " + what.get());
            arrive.run();
        });
    }

    @Override
    public void execute(Supplier<String> what, Command command, Consumer<Optional<Answer>> reply) {
        hosts.agenda.say(() -> host.name() + " asks for " + what.get());
        hosts.execute(host, command, reply);
    }

    @Override
    public void drained(ServerActor server, long of, Runnable report) {
        between(server.name(), "registry of the node").tell(() -> "drained " + of, report);
    }

    @Override
    public void acknowledged(long acknowledged) {
        node.mustHaveApplied(acknowledged);
        told.applied(acknowledged);
    }

    @Override
    public void reported(long of) {
        told.drained(of);
    }

    // ---- what coordinators tell

    @Override
    public void admitted() {
        node.admitted();
        memory().sessions().reportAgain();
    }

    @Override
    public void changed(RegistryChange change) {
        revision = change.getRevision();
        node.changed(change);
    }

    @Override
    public long acknowledged() {
        return node.acknowledged();
    }

    @Override
    public List<Long> claimsAtWork() {
        return List.of();
    }

    // ---- links

    /** Up to which it knows the registry. */
    long revision() {
        return revision;
    }

    /** What others are told of accesses waits for a while, as behind a window that is full. */
    void holdUpAccesses() {
        int waits = hosts.agenda.oneIn(3) ? LARGE_WAITS_NANOS : OutgoingLink.WAITS_NANOS;
        outgoing.values().forEach(link -> link.holdUp(TrafficClass.ACCESSES, waits));
    }

    /** What others are told of what became of accesses waits for a while. */
    void holdUpAnswers() {
        outgoing.values().forEach(link -> link.holdUp(TrafficClass.ANSWERS, LARGE_WAITS_NANOS));
    }

    /** What others are told of calls waits for a while. */
    void holdUpCalls() {
        outgoing.values().forEach(link -> link.holdUp(TrafficClass.CALLS, LARGE_WAITS_NANOS));
    }

    void after(long nanos, Runnable action) {
        host.after(nanos, action);
    }

    Chance chance() {
        return hosts.agenda;
    }

    boolean takesFramesAgain() {
        return hosts.stage.seams.takesFramesAgain();
    }

    @Override
    public void know(long at, List<PeerNode> nodes) {
        leaveIfDrained(nodes);
        for (PeerNode peer : nodes) {
            Life before = peers.put(peer.life().node(), peer.life());
            if (before != null && !before.equals(peer.life())) {
                over.add(before);
                Optional.ofNullable(outgoing.remove(before)).ifPresent(OutgoingLink::over);
                Optional.ofNullable(incoming.remove(before)).ifPresent(IncomingLink::over);
            }
        }
    }

    /** Whether another node is there that is not drained. */
    boolean isOtherOpen() {
        return isOtherOpen;
    }

    /** How many shards and servers would be missed here. */
    int parts() {
        return node.known()
                .filter(domain -> domain.table().state() != DecisionTable.State.CRASHED)
                .map(domain -> Departure.parts(domain, life))
                .orElse(0);
    }

    /** A drained node has its guests and emulators go to another one, while there is one that is not (D-27). */
    private void leaveIfDrained(List<PeerNode> nodes) {
        isOtherOpen = nodes.stream()
                .anyMatch(peer -> !peer.life().equals(life) && peer.life().incarnation() != 0 && !peer.draining());
        boolean isDrained = nodes.stream().anyMatch(peer -> peer.life().equals(life) && peer.draining());
        boolean leaves = isDrained && isOtherOpen;
        if (leaves != isLeaving) {
            isLeaving = leaves;
            node.leave(leaves);
        }
    }

    @Override
    public void toPeer(
            Life peer, TrafficClass of, Supplier<String> what, io.trapline.sim.world.part.Told<Node> message) {
        if (!over.contains(peer)) {
            outgoing.computeIfAbsent(peer, to -> new OutgoingLink(this, to))
                    .offer(of, new Parcel(what, now(), message));
        }
    }

    @Override
    public void holdUp(Life peer, TrafficClass of) {
        if (!over.contains(peer)) {
            outgoing.computeIfAbsent(peer, to -> new OutgoingLink(this, to)).holdUp(of, LARGE_WAITS_NANOS);
        }
    }

    /** Opens a connection to whatever life another node has. */
    SimStream open(String other, Consumer<HostNode> accepted) {
        return hosts.net.open(
                host, hosts.nodeHost(other), stream -> hosts.node(other).ifPresent(accepted));
    }

    /** A connection arrives. */
    void accept(LinkAdmission.Hello hello, OutgoingLink.Wire wire, OutgoingLink sender) {
        Life known = peers.get(hello.from().node());
        Optional<Refusal> refusal = LinkAdmission.check(
                hello, new LinkAdmission.Receiver(life, revision, known == null ? 0 : known.incarnation()));
        if (refusal.isPresent()) {
            wire.stream.endAtServer(
                    () -> "refuses the connection: " + refusal.get().message(),
                    () -> sender.refused(wire, refusal.get().errno()));
        } else {
            incoming.computeIfAbsent(hello.from(), from -> new IncomingLink(this))
                    .connected(wire, sender);
        }
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(life.toString()).append(' ').append(memory());
        node.servers.values().forEach(server -> text.append("\n    ").append(server));
        return text.toString();
    }
}
