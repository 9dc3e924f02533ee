package io.trapline.sim.world.part;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.model.Refusal;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.peer.TrafficClass;
import io.trapline.node.protocol.Drain;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.protocol.VcpuMove;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.registry.AppliedQueue;
import io.trapline.node.registry.DomainCalls;
import io.trapline.node.registry.DomainChange;
import io.trapline.node.registry.DomainView;
import io.trapline.node.registry.HomeTelling;
import io.trapline.node.registry.RegistryView;
import io.trapline.sim.check.Violation;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One life of a node: has every actor of the domain that is here apply each change of the registry, servers first, and acknowledges a revision when all have
 * (rule 0); and passes on what they tell those that are elsewhere.
 */
public final class Node {
    /** By id, of the servers that there are. */
    public final Map<Integer, ServerActor> servers = new TreeMap<>();

    private final Stage world;
    private final Place place;
    private final RegistryView view = new RegistryView();
    private final AppliedQueue<Integer> applying = new AppliedQueue<>();
    private final NodeDrains drains;
    private final HomeTelling homes;
    private final NodeRoutes routes;
    private final Map<ServerName, ServerActor> everyServer = new HashMap<>();
    /** Revisions at which the domain was another for this node. */
    private final TreeSet<Long> changes = new TreeSet<>();

    /** By vCPU the epoch at which it was opened last. */
    private final Map<Integer, VcpuOpening> openings = new TreeMap<>();

    private @Nullable DomainView known;
    private @Nullable VcpusActor vcpus;
    private final NodeMemory memory;
    /** Who waits for what comes of calls that are made for servers. */
    private final Map<ServerName, List<Consumer<Optional<Refusal>>>> atGates = new HashMap<>();

    private boolean hasSession = true;
    private boolean isLeaving;
    private int sessions;
    private long knownBefore;
    private long acknowledged;

    public Node(Stage world, Place place, NodeMemory.Kind kind) {
        this.world = world;
        this.place = place;
        memory = kind.of(world, place, this);
        drains = new NodeDrains(place, memory, this::reportDrains);
        routes = new NodeRoutes(place, this);
        homes = new HomeTelling(place.life());
    }

    /** As the registry calls it. */
    public String name() {
        return place.life().node();
    }

    /** The actor of the domain's vCPUs; empty before the node knows the domain. */
    public Optional<VcpusActor> vcpus() {
        return Optional.ofNullable(vcpus);
    }

    /** What it has of the domain's memory. */
    public NodeMemory memory() {
        return memory;
    }

    /** Its actor of a server; empty where it does not know of it. */
    public Optional<ServerActor> server(ServerName name) {
        return Optional.ofNullable(servers.get(name.id())).filter(server -> server.generation == name.generation());
    }

    /** Up to which revision all of its actors go by the registry. */
    public long acknowledged() {
        return acknowledged;
    }

    // What its actors and clients tell.

    Way between(String from, String to) {
        return place.between(from, to);
    }

    void execute(Supplier<String> what, Command command, Consumer<Optional<Answer>> reply) {
        place.execute(what, command, reply);
    }

    /** The ways to others of the domain. */
    public NodeRoutes routes() {
        return routes;
    }

    /** Its actor of a server that there is or was; null where it does not know of it. */
    @Nullable
    ServerActor anyServer(ServerName name) {
        return everyServer.get(name);
    }

    /** Up to which it knows the registry. */
    long revision() {
        return view.revision();
    }

    /** Of which life it is. */
    public Life life() {
        return place.life();
    }

    /** Where a server is at home, as it knows. */
    Life home(int id) {
        return Objects.requireNonNull(known).homes().getOrDefault(id, place.life());
    }

    /** It may serve again, or time has passed. */
    public void tick() {
        long now = place.now();
        memory.tick(now);
        memory.shards().forEach(shard -> tick(shard.name(), shard.mayTick(now), () -> shard.tickIfDue(place.now())));
        vcpus().ifPresent(each -> tick("vcpus", each.mayTick(now), () -> each.tickIfDue(place.now())));
        servers.values()
                .forEach(server -> tick(server.name(), server.mayTick(now), () -> server.tickIfDue(place.now())));
    }

    private void tick(String actor, boolean mayTick, Runnable tick) {
        if (mayTick) {
            place.between("clock", actor).tell("tick", tick);
        }
    }

    // What coordinators tell.

    /** Nothing that is said is heard until the registry arrives in a new session. */
    public void sessionLost() {
        hasSession = false;
        sessions++;
        drains.forgetReports();
    }

    /** Guests and emulators are to go to another node from now on, or not any more (D-27). */
    public void leave(boolean leaves) {
        isLeaving = leaves;
        if (leaves) {
            servers.values()
                    .forEach(server ->
                            between("registry of the node", server.name()).tell("leave", server::leave));
        }
        vcpus().ifPresent(each -> between("registry of the node", "vcpus").tell("leave", () -> each.leave(leaves)));
    }

    /** Whether guests and emulators are to go to another node. */
    boolean isLeaving() {
        return isLeaving;
    }

    /** A leader knows this life from now on. */
    public void admitted() {
        drains.forgetReports();
        reportDrains();
    }

    /** A change of the registry arrives, or all of it. */
    public void changed(RegistryChange change) {
        hasSession = true;
        knownBefore = view.revision();
        RegistryView.Effects effects = view.apply(change);
        AppliedQueue.Entry<Integer> entry = applying.begin(effects.revision(), sessions);
        memory.sessions(effects.revision(), effects.sessions(), effects.endedSessions());
        effects.nodes().ifPresent(nodes -> place.know(effects.revision(), nodes));
        effects.changed().forEach(changed -> {
            serve(changed, entry);
            registrySays("what of drains is said again", () -> drains.follow(changed.view()));
        });
        for (DrainRecord drain : effects.drains()) {
            drains.begin(drain);
            ServerActor server = servers.get(drain.getId());
            if (server == null || server.generation != drain.getGeneration()) {
                drains.onDrained(drain.getRevision());
            }
        }
        routes.advance();
        drains.retain(view.drains());
        registrySays("all told", () -> done(entry));
    }

    /** Rule 0: what is acknowledged is in force at every actor. */
    public void mustHaveApplied(long acknowledgedRevision) {
        Long last = changes.floor(acknowledgedRevision);
        long revision = last == null ? 0 : last;
        memory.shards().forEach(shard -> mustHaveApplied(shard.name(), shard.appliedRevision(), revision));
        servers.values().stream()
                .filter(server -> server.generation <= revision)
                .forEach(server -> mustHaveApplied(server.name(), server.appliedRevision(), revision));
        vcpus().ifPresent(each -> mustHaveApplied("the vCPUs", each.appliedRevision(), revision));
    }

    private static void mustHaveApplied(String actor, long applied, long revision) {
        if (applied < revision) {
            throw new Violation("rule 0", "revision %d is acknowledged, and %s goes by %d", revision, actor, applied);
        }
    }

    /** The domain as it knows it. */
    public Optional<DomainView> known() {
        return Optional.ofNullable(known);
    }

    /** The drains that stand as far as it knows. */
    public Set<Long> openDrains() {
        return view.drains();
    }

    private void serve(DomainChange change, AppliedQueue.Entry<Integer> entry) {
        DomainView domain = change.view();
        DomainView before = known;
        known = domain;
        if (entry.revision() > knownBefore) {
            changes.add(entry.revision());
        }
        if (before == null) {
            begin(domain);
        } else {
            tellWhoWaitsAtGates(before, domain);
        }
        change.opened().forEach(opening -> openings.put(opening.vcpu(), opening));
        BitSet shardsMoved = memory.place(before == null ? domain : before, domain);
        List<ServerActor> gone = matchServers(domain);
        long revision = domain.table().revision();
        for (ServerView server : domain.servers()) {
            ServerActor actor = Objects.requireNonNull(servers.get(server.id()));
            List<Drain> begun = change.drainsOf(server.id());
            Runnable applied = owed(entry, actor.name());
            tell(
                    actor.name(),
                    revision,
                    () -> actor.apply(
                            revision,
                            server,
                            tellers(server.id(), domain),
                            domain.paused(),
                            change.opened(),
                            begun,
                            applied));
        }
        Map<Integer, ServerAt> present = new HashMap<>();
        servers.forEach((id, server) ->
                present.put(id, new ServerAt(server.serverName(), domain.homes().getOrDefault(id, place.life()))));
        for (int i = 0; i < memory.shards().size(); i++) {
            Shard shard = memory.shards().get(i);
            Runnable applied = world.seams.acknowledgesEarly() ? () -> {} : owed(entry, shard.name());
            // A copy that decides from now on has passed over what was opened before.
            List<VcpuOpening> opened = shardsMoved.get(i) ? List.copyOf(openings.values()) : change.opened();
            tell(shard.name(), revision, () -> shard.apply(domain, opened, present, applied));
        }
        VcpusActor ofVcpus = vcpus().orElseThrow();
        List<VcpuMove> movedAway = change.moved().stream()
                .filter(moved -> !moved.node().equals(name()))
                .map(DomainChange.GuestMove::move)
                .toList();
        Runnable applied = owed(entry, "vcpus");
        Map<Integer, Life> ways = new TreeMap<>();
        shardsMoved.stream().forEach(i -> ways.put(i, domain.primaries().get(i)));
        tell(
                "vcpus",
                revision,
                () -> ofVcpus.apply(revision, domain.paused(), change.opened(), movedAway, ways, applied));
        registrySays("all of " + revision + " told", () -> memory.told(domain, shardsMoved));
        for (ServerActor server : gone) {
            registrySays(
                    "stop " + server.name(),
                    () -> place.between("registry of the node", server.name()).tell("stop", server::stop));
        }
    }

    /** Who makes a call for a server is told so when that moves, or goes: its home may say nothing any more, as {@code DomainCalls} has it. */
    void waitsAtGate(ServerName server, Consumer<Optional<Refusal>> caller) {
        atGates.computeIfAbsent(server, fresh -> new ArrayList<>()).add(caller);
    }

    private void tellWhoWaitsAtGates(DomainView before, DomainView now) {
        for (ServerView server : before.servers()) {
            boolean stays = now.servers().stream()
                    .anyMatch(other ->
                            other.generation() == server.generation() && other.homeEpoch() == server.homeEpoch());
            List<Consumer<Optional<Refusal>>> waiting =
                    stays ? null : atGates.remove(new ServerName(server.id(), server.generation()));
            if (waiting != null) {
                waiting.forEach(caller -> caller.accept(Optional.of(DomainCalls.moved(Layout.DOMID, server.id()))));
            }
        }
    }

    private void begin(DomainView domain) {
        ShardMap map = new ShardMap(domain.firstGfns());
        memory.begin(domain);
        VcpusActor fresh = new VcpusActor(world, place, this, domain.nrVcpus());
        fresh.shards(map, domain.primaries(), (int) domain.defaultTimeoutMillis());
        vcpus = fresh;
    }

    /** Who tells a server's home that it has been asked (D-22); none where the server is elsewhere. */
    private Map<Life, Long> tellers(int id, DomainView domain) {
        boolean isHome = domain.homes().getOrDefault(id, place.life()).equals(place.life());
        return isHome ? domain.lastEpochs() : Map.of();
    }

    /** The shards here have asked servers' homes what they had to ask by that revision (D-22). */
    private void tellHomes(long revision) {
        if (memory.hasCopies()) {
            // With a backup, what they ask leaves only when that knows of it; who decides by now was told so before.
            registrySays("await what is asked", () -> memory.whenSent(() -> tellHomesNow(revision)));
        } else {
            tellHomesNow(revision);
        }
    }

    private void tellHomesNow(long revision) {
        DomainView domain = known;
        if (domain == null || !domain.primaries().contains(place.life())) {
            return;
        }
        homes.tell(domain, revision, (id, told) -> {
            ServerActor server = Objects.requireNonNull(servers.get(id));
            routes.toServer(
                    "registry of the node",
                    new ServerAt(server.serverName(), home(id)),
                    TrafficClass.CALLS,
                    () -> "told by " + told.by().node() + " at home " + told.homeEpoch(),
                    (at, times) -> at.homeTold(told.by(), told.homeEpoch(), told.shardEpoch()));
            return true;
        });
    }

    private List<ServerActor> matchServers(DomainView domain) {
        List<ServerActor> gone = new ArrayList<>();
        servers.values().removeIf(server -> {
            boolean leaves = domain.servers().stream().noneMatch(now -> now.generation() == server.generation);
            if (leaves) {
                gone.add(server);
            }
            return leaves;
        });
        for (ServerView server : domain.servers()) {
            servers.computeIfAbsent(server.id(), id -> {
                ServerActor fresh = new ServerActor(world, place, this, server);
                everyServer.put(fresh.serverName(), fresh);
                return fresh;
            });
        }
        return gone;
    }

    /** The registry's actor tells one actor after the other, and each may go on before the next is told. */
    private void tell(String actor, long revision, Runnable apply) {
        registrySays(
                "apply " + revision + " to " + actor,
                () -> place.between("registry of the node", actor).tell(() -> "apply " + revision, apply));
    }

    private void registrySays(String what, Runnable action) {
        place.between("registry", "registry's actor").tell(what, action);
    }

    private Runnable owed(AppliedQueue.Entry<Integer> entry, String actor) {
        entry.owe();
        return () -> place.between(actor, "registry of the node")
                .tell(() -> "applied " + entry.revision(), () -> done(entry));
    }

    private void done(AppliedQueue.Entry<Integer> entry) {
        entry.done();
        boolean moved = false;
        for (var next = applying.take(); next != null; next = applying.take()) {
            acknowledged = next.revision();
            moved = true;
        }
        if (moved) {
            long revision = acknowledged;
            tellHomes(revision);
            place.acknowledged(revision);
            reportDrains();
        }
    }

    /** A server has nothing left of a drain. */
    void drained(ServerActor server, long revision) {
        place.drained(server, revision, () -> drains.onDrained(revision));
    }

    private void reportDrains() {
        if (hasSession) {
            drains.report(acknowledged);
        }
    }

    /** A drain is about to be finished: nothing that it waited for may be left (F5). */
    public void mustBeDrained(int id, long generation, long revision, int x) {
        ServerActor server = servers.get(id);
        if (server != null && server.generation == generation) {
            server.checks.isDrained(revision, x);
        }
    }
}
