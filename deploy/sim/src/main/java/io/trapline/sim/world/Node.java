package io.trapline.sim.world;

import io.trapline.internal.v1.DrainKind;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.model.MemType;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.Drain;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.registry.AppliedQueue;
import io.trapline.node.registry.DomainChange;
import io.trapline.node.registry.DomainView;
import io.trapline.node.registry.DrainLedger;
import io.trapline.node.registry.RegistryView;
import io.trapline.sim.check.Violation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What follows the registry at a node: has every actor of the domain apply each change, servers first, and acknowledges a revision when all have (rule 0).
 */
final class Node {
    final List<ShardActor> shards = new ArrayList<>();
    final Map<Integer, ServerActor> servers = new TreeMap<>();
    final VcpusActor vcpus;
    final TypesActor types;
    private final World world;
    private final RegistryView view = new RegistryView();
    private final AppliedQueue<Integer> applying = new AppliedQueue<>();
    private final DrainLedger drains = new DrainLedger();
    private final Channel toCoordinator;
    /** Revisions at which the domain was another for this node. */
    private final TreeSet<Long> changes = new TreeSet<>();

    private @Nullable DomainView known;
    private boolean hasSession = true;
    private int sessions;
    private long knownBefore;
    private long acknowledged;

    Node(World world) {
        this.world = world;
        vcpus = new VcpusActor(world);
        types = new TypesActor(world);
        toCoordinator = world.schedule.channel("node→coordinator");
    }

    /** Nothing that is said is heard until the registry arrives in a new session. */
    void sessionLost() {
        hasSession = false;
        sessions++;
        toCoordinator.clear();
        drains.forgetReports();
    }

    /** A change of the registry arrives, or all of it. */
    void changed(RegistryChange change) {
        hasSession = true;
        knownBefore = view.revision();
        RegistryView.Effects effects = view.apply(change);
        AppliedQueue.Entry<Integer> entry = applying.begin(effects.revision(), sessions);
        effects.changed().forEach(changed -> serve(changed, entry));
        for (DrainRecord drain : effects.drains()) {
            drains.begin(drain);
            ServerActor server = servers.get(drain.getId());
            if (server == null || server.generation != drain.getGeneration()) {
                finish(drain.getRevision());
            }
        }
        drains.retain(view.drains());
        registrySays("all told", () -> done(entry));
    }

    /** Rule 0: what is acknowledged is in force at every actor. */
    void mustHaveApplied(long acknowledgedRevision) {
        Long last = changes.floor(acknowledgedRevision);
        long revision = last == null ? 0 : last;
        shards.forEach(shard -> mustHaveApplied(shard.name(), shard.appliedRevision(), revision));
        servers.values().stream()
                .filter(server -> server.generation <= revision)
                .forEach(server -> mustHaveApplied(server.name(), server.appliedRevision(), revision));
        mustHaveApplied("the vCPUs", vcpus.appliedRevision(), revision);
    }

    private static void mustHaveApplied(String actor, long applied, long revision) {
        if (applied < revision) {
            throw new Violation("rule 0", "revision %d is acknowledged, and %s goes by %d", revision, actor, applied);
        }
    }

    /** The domain as it knows it. */
    Optional<DomainView> known() {
        return Optional.ofNullable(known);
    }

    /** The drains that stand as far as it knows. */
    Set<Long> openDrains() {
        return view.drains();
    }

    private void serve(DomainChange change, AppliedQueue.Entry<Integer> entry) {
        DomainView domain = change.view();
        known = domain;
        if (entry.revision() > knownBefore) {
            changes.add(entry.revision());
        }
        if (shards.isEmpty()) {
            ShardMap map = new ShardMap(domain.firstGfns());
            for (int i = 0; i < map.size(); i++) {
                shards.add(new ShardActor(world, map, i, domain.shardEpochs()[i]));
            }
            vcpus.shards(map, (int) domain.defaultTimeoutMillis());
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
                    () -> actor.apply(revision, server, domain.paused(), change.opened(), begun, applied));
        }
        Map<Integer, ServerActor> present = Map.copyOf(servers);
        for (ShardActor shard : shards) {
            Runnable applied = world.seams.acknowledgesEarly() ? () -> {} : owed(entry, shard.name());
            tell(shard.name(), revision, () -> shard.apply(domain.table(), change.opened(), present, applied));
        }
        Runnable applied = owed(entry, "vcpus");
        tell("vcpus", revision, () -> vcpus.apply(revision, domain.paused(), change.opened(), applied));
        for (ServerActor server : gone) {
            registrySays(
                    "stop " + server.name(),
                    () -> world.schedule
                            .between("registry of the node", server.name())
                            .tell("stop", server::stop));
        }
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
            servers.computeIfAbsent(server.id(), id -> new ServerActor(world, server));
        }
        return gone;
    }

    /** The registry's actor tells one actor after the other, and each may go on before the next is told. */
    private void tell(String actor, long revision, Runnable apply) {
        registrySays(
                "apply " + revision + " to " + actor,
                () -> world.schedule.between("registry of the node", actor).tell(() -> "apply " + revision, apply));
    }

    private void registrySays(String what, Runnable action) {
        world.schedule.channel("registry's actor").tell(what, action);
    }

    private Runnable owed(AppliedQueue.Entry<Integer> entry, String actor) {
        entry.owe();
        return () -> world.schedule
                .between(actor, "registry of the node")
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
            toCoordinator("acknowledges " + revision, () -> world.coordinator.acknowledged(revision));
            reportDrains();
        }
    }

    /** A server has nothing left of a drain. */
    void drained(ServerActor server, long revision) {
        if (world.schedule.oneProcess()) {
            world.schedule
                    .between(server.name(), "registry of the node")
                    .tell(() -> "drained " + revision, () -> onDrained(revision));
            return;
        }
        // Across hosts: what shards have decided by the older state reaches the server, and what it sends back reaches
        // them, before anybody acts on the
        // drain's end.
        int[] left = {shards.size()};
        for (ShardActor shard : shards) {
            Runnable back = () -> between(server.name(), shard.name(), revision, () -> {
                if (--left[0] == 0) {
                    onDrained(revision);
                }
            });
            Runnable follows = () -> between(shard.name(), server.name(), revision, back);
            between(server.name(), shard.name(), revision, () -> shard.whenApplied(revision, follows));
        }
    }

    private void between(String from, String to, long revision, Runnable arrive) {
        world.schedule.between(from, to).tell(() -> "nothing of before " + revision + " follows", arrive);
    }

    private void onDrained(long revision) {
        DrainRecord drain = drains.pending(revision).orElse(null);
        if (drain == null) {
            return;
        }
        if (drain.getKind() != DrainKind.DRAIN_KIND_RELEASE || !drain.getReset()) {
            finish(revision);
        } else if (drains.beginReset(revision)) {
            types.reset(MemType.ofCode(drain.getTypeValue()).x(), () -> finish(revision));
        }
    }

    private void finish(long revision) {
        drains.finish(revision);
        reportDrains();
    }

    private void reportDrains() {
        if (hasSession) {
            drains.report(acknowledged)
                    .forEach(revision ->
                            toCoordinator("drained " + revision, () -> world.coordinator.drained(revision)));
        }
    }

    private void toCoordinator(String what, Runnable arrive) {
        if (hasSession) {
            toCoordinator.tell(what, arrive);
        }
    }

    /** A drain is about to be finished: nothing that it waited for may be left (F5). */
    void mustBeDrained(int id, long generation, long revision, int x) {
        ServerActor server = servers.get(id);
        if (server != null && server.generation == generation) {
            server.checks.isDrained(revision, x);
        }
    }
}
