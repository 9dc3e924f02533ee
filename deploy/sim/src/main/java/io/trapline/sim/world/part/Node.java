package io.trapline.sim.world.part;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.DrainKind;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.model.MemType;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.peer.TrafficClass;
import io.trapline.node.protocol.Drain;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.protocol.VcpuMove;
import io.trapline.node.registry.AppliedQueue;
import io.trapline.node.registry.DomainChange;
import io.trapline.node.registry.DomainView;
import io.trapline.node.registry.DrainLedger;
import io.trapline.node.registry.HomeTelling;
import io.trapline.node.registry.RegistryView;
import io.trapline.sim.check.Violation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.LongUnaryOperator;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One life of a node: has every actor of the domain that is here apply each change of the registry, servers first, and acknowledges a revision when all have
 * (rule 0); and passes on what they tell those that are elsewhere.
 */
public final class Node {
    public final List<ShardActor> shards = new ArrayList<>();
    /** By id, of the servers that there are. */
    public final Map<Integer, ServerActor> servers = new TreeMap<>();

    private final Stage world;
    private final Place place;
    private final RegistryView view = new RegistryView();
    private final AppliedQueue<Integer> applying = new AppliedQueue<>();
    private final DrainLedger drains = new DrainLedger();
    private final HomeTelling homes;
    private final Map<ServerName, ServerActor> everyServer = new HashMap<>();
    /** What has come from peers that know more than this node. */
    private final List<Early> early = new ArrayList<>();
    /** Revisions at which the domain was another for this node. */
    private final TreeSet<Long> changes = new TreeSet<>();

    private @Nullable DomainView known;
    private @Nullable VcpusActor vcpus;
    private @Nullable TypesActor types;
    private boolean hasSession = true;
    private int sessions;
    private long knownBefore;
    private long acknowledged;

    private record Early(long needs, Runnable step) {}

    public Node(Stage world, Place place) {
        this.world = world;
        this.place = place;
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

    /** The domain's type calls, where its shards are. */
    public TypesActor types() {
        return Objects.requireNonNull(types);
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

    void toShard(String from, int index, TrafficClass of, Supplier<String> what, Told<ShardActor> message) {
        DomainView domain = Objects.requireNonNull(known);
        Life primary = domain.primaries().get(index);
        if (primary.equals(place.life())) {
            tellShard(from, index, what, shard -> message.at(shard, LongUnaryOperator.identity()));
        } else {
            long generation = domain.generation();
            place.toPeer(
                    primary,
                    of,
                    what,
                    (node, times) -> node.whenKnown(
                            generation, () -> node.tellShard(from, index, what, shard -> message.at(shard, times))));
        }
    }

    private void tellShard(String from, int index, Supplier<String> what, Consumer<ShardActor> message) {
        if (index < shards.size()) {
            ShardActor shard = shards.get(index);
            place.between(from, shard.name()).tell(what, () -> message.accept(shard));
        }
    }

    void toServer(String from, ServerAt to, TrafficClass of, Supplier<String> what, Told<ServerActor> message) {
        if (to.home().equals(place.life())) {
            tellServer(from, to.name(), what, server -> message.at(server, LongUnaryOperator.identity()), () -> {});
        } else {
            toServerElsewhere(from, to, of, what, message, () -> {});
        }
    }

    /** To wherever a server is, as far as this node knows. */
    void toHome(String from, ServerName name, Supplier<String> what, Told<ServerActor> message, Runnable unknown) {
        Life home = server(name).map(known -> home(known.id)).orElse(place.life());
        if (home.equals(place.life())) {
            tellServer(from, name, what, server -> message.at(server, LongUnaryOperator.identity()), unknown);
        } else {
            toServerElsewhere(from, new ServerAt(name, home), TrafficClass.CALLS, what, message, unknown);
        }
    }

    private void toServerElsewhere(
            String from,
            ServerAt to,
            TrafficClass of,
            Supplier<String> what,
            Told<ServerActor> message,
            Runnable unknown) {
        place.toPeer(
                to.home(),
                of,
                what,
                (node, times) -> node.whenKnown(
                        to.name().generation(),
                        () -> node.tellServer(from, to.name(), what, server -> message.at(server, times), unknown)));
    }

    private void tellServer(
            String from, ServerName name, Supplier<String> what, Consumer<ServerActor> message, Runnable unknown) {
        ServerActor server = everyServer.get(name);
        if (server == null) {
            unknown.run();
        } else {
            place.between(from, server.name()).tell(what, () -> message.accept(server));
        }
    }

    void toVcpus(String from, Life guests, Supplier<String> what, Told<VcpusActor> message) {
        if (guests.equals(place.life())) {
            tellVcpus(from, what, to -> message.at(to, LongUnaryOperator.identity()));
        } else {
            long generation = Objects.requireNonNull(known).generation();
            place.toPeer(
                    guests,
                    TrafficClass.ANSWERS,
                    what,
                    (node, times) ->
                            node.whenKnown(generation, () -> node.tellVcpus(from, what, to -> message.at(to, times))));
        }
    }

    private void tellVcpus(String from, Supplier<String> what, Consumer<VcpusActor> message) {
        VcpusActor to = vcpus;
        if (to != null) {
            place.between(from, "vcpus").tell(what, () -> message.accept(to));
        }
    }

    /** Does something once the node knows the registry up to that revision, behind what waits already. */
    private void whenKnown(long revision, Runnable step) {
        if (early.isEmpty() && view.revision() >= revision) {
            step.run();
        } else {
            early.add(new Early(revision, step));
        }
    }

    private void advance() {
        while (!early.isEmpty() && early.getFirst().needs() <= view.revision()) {
            early.removeFirst().step().run();
        }
    }

    private Life home(int id) {
        return Objects.requireNonNull(known).homes().getOrDefault(id, place.life());
    }

    /** It may serve again, or time has passed. */
    public void tick() {
        shards.forEach(shard -> place.between("clock", shard.name()).tell("tick", () -> shard.tickIfDue(place.now())));
        vcpus().ifPresent(each -> place.between("clock", "vcpus").tell("tick", () -> each.tickIfDue(place.now())));
        servers.values()
                .forEach(server ->
                        place.between("clock", server.name()).tell("tick", () -> server.tickIfDue(place.now())));
    }

    // What coordinators tell.

    /** Nothing that is said is heard until the registry arrives in a new session. */
    public void sessionLost() {
        hasSession = false;
        sessions++;
        drains.forgetReports();
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
        effects.nodes().ifPresent(nodes -> place.know(effects.revision(), nodes));
        effects.changed().forEach(changed -> serve(changed, entry));
        for (DrainRecord drain : effects.drains()) {
            drains.begin(drain);
            ServerActor server = servers.get(drain.getId());
            if (server == null || server.generation != drain.getGeneration()) {
                onDrained(drain.getRevision());
            }
        }
        advance();
        drains.retain(view.drains());
        registrySays("all told", () -> done(entry));
    }

    /** Rule 0: what is acknowledged is in force at every actor. */
    public void mustHaveApplied(long acknowledgedRevision) {
        Long last = changes.floor(acknowledgedRevision);
        long revision = last == null ? 0 : last;
        shards.forEach(shard -> mustHaveApplied(shard.name(), shard.appliedRevision(), revision));
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
        known = domain;
        if (entry.revision() > knownBefore) {
            changes.add(entry.revision());
        }
        if (vcpus == null) {
            begin(domain);
        }
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
        for (ShardActor shard : shards) {
            Runnable applied = world.seams.acknowledgesEarly() ? () -> {} : owed(entry, shard.name());
            tell(shard.name(), revision, () -> shard.apply(domain.table(), change.opened(), present, applied));
        }
        VcpusActor ofVcpus = vcpus().orElseThrow();
        List<VcpuMove> movedAway = change.moved().stream()
                .filter(moved -> !moved.node().equals(name()))
                .map(DomainChange.GuestMove::move)
                .toList();
        Runnable applied = owed(entry, "vcpus");
        tell("vcpus", revision, () -> ofVcpus.apply(revision, domain.paused(), change.opened(), movedAway, applied));
        for (ServerActor server : gone) {
            registrySays(
                    "stop " + server.name(),
                    () -> place.between("registry of the node", server.name()).tell("stop", server::stop));
        }
    }

    private void begin(DomainView domain) {
        ShardMap map = new ShardMap(domain.firstGfns());
        if (domain.primaries().getFirst().equals(place.life())) {
            for (int i = 0; i < map.size(); i++) {
                shards.add(new ShardActor(world, place, this, map, i, domain.shardEpochs()[i]));
            }
            types = new TypesActor(world, place, this);
        }
        VcpusActor fresh = new VcpusActor(world, place, this, domain.nrVcpus());
        fresh.shards(map, (int) domain.defaultTimeoutMillis());
        vcpus = fresh;
    }

    /** Who tells a server's home that it has been asked (D-22); none where the server is elsewhere. */
    private Set<Life> tellers(int id, DomainView domain) {
        boolean isHome = domain.homes().getOrDefault(id, place.life()).equals(place.life());
        return isHome ? Set.copyOf(domain.primaries()) : Set.of();
    }

    /** The shards here have asked servers' homes what they had to ask by that revision (D-22). */
    private void tellHomes(long revision) {
        DomainView domain = known;
        if (domain == null || !domain.primaries().contains(place.life())) {
            return;
        }
        homes.tell(domain, revision, (id, told) -> {
            ServerActor server = Objects.requireNonNull(servers.get(id));
            toServer(
                    "registry of the node",
                    new ServerAt(server.serverName(), home(id)),
                    TrafficClass.CALLS,
                    () -> "told by " + told.by().node() + " at home " + told.homeEpoch(),
                    (at, times) -> at.homeTold(told.by(), told.homeEpoch()));
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
        place.drained(server, revision, () -> onDrained(revision));
    }

    /** The server has nothing of it here; its shards here may have something of it elsewhere, which then is not drained (V-10). */
    private void onDrained(long revision) {
        DrainRecord drain = drains.pending(revision).orElse(null);
        if (drain == null) {
            return;
        }
        int[] left = {shards.size() + 1};
        Runnable one = () -> {
            if (--left[0] == 0) {
                onReturned(revision);
            }
        };
        for (ShardActor shard : shards) {
            Runnable returned =
                    () -> place.between(shard.name(), "registry of the node").tell(() -> "returned " + revision, one);
            place.between("registry of the node", shard.name())
                    .tell(
                            () -> "await returned " + revision,
                            () -> shard.whenApplied(
                                    revision, () -> shard.awaitReturned(drain.getId(), revision, returned)));
        }
        one.run();
    }

    private void onReturned(long revision) {
        DrainRecord drain = drains.pending(revision).orElse(null);
        if (drain == null) {
            return;
        }
        if (drain.getKind() != DrainKind.DRAIN_KIND_RELEASE || !drain.getReset()) {
            finish(revision);
        } else if (drains.beginReset(revision)) {
            if (types == null) {
                finish(revision);
                return;
            }
            types.reset(MemType.ofCode(drain.getTypeValue()).x(), () -> finish(revision));
        }
    }

    private void finish(long revision) {
        drains.finish(revision);
        reportDrains();
    }

    private void reportDrains() {
        if (hasSession) {
            drains.report(acknowledged).forEach(place::reported);
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
