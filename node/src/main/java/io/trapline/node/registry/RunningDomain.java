package io.trapline.node.registry;

import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.FromPeer;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ServerRoute;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardPlace;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.protocol.VcpuMove;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.protocol.VcpusMessage;
import io.trapline.node.protocol.VcpusRoute;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.jspecify.annotations.Nullable;

/**
 * One domain at this node, from the change that creates it until the last of its actors has stopped. An actor is started by the first thing that it is
 * told, and knows the registry before that: a domain that nobody accesses has none. Owned by the registry's actor.
 * <pre>
 *   serving ──stop()──▶ stopping ──last actor gone──▶ stopped
 * </pre>
 */
final class RunningDomain {
    private final DomainPeers peers;
    private final LiveActors live;
    private final Executor atRegistry;
    private final DomainRoutes routes;
    private final DomainHandle.Here here;
    private final DomainCalls calls;
    private final Role<VcpusMessage> vcpus;
    private final DomainShards shards;
    private final Role<TypesMessage> types;
    private final DomainServers servers;
    private final HomeTelling homes;

    /** By vCPU the epoch at which it was opened last. */
    private final TreeMap<Integer, VcpuOpening> openings = new TreeMap<>();

    /** By revision the changes that the actors are applying. */
    private final TreeMap<Long, Runnable> applying = new TreeMap<>();

    private final List<Runnable> onStopped = new ArrayList<>();
    private DomainView view;

    /** Why guests and emulators are to go to another node; empty = they are not. */
    private Optional<Refusal> visitorsLeave;

    private @Nullable Refusal stoppedWhy;

    /**
     * @param self this life of the node
     * @param elsewhere the ways to what others have of the domain
     * @param leaving why guests and emulators are to go to another node; empty = they are not
     * @param atRegistry runs things on the registry's actor, later
     * @param spawned told of each actor that is started
     * @param drained given the revision of each drain that a server's actor is done with; on any thread
     */
    RunningDomain(
            ActorContext<?> context,
            DomainActors actors,
            Life self,
            Peers elsewhere,
            DomainView view,
            Optional<Refusal> leaving,
            Executor atRegistry,
            BiConsumer<RunningDomain, ActorRef<?>> spawned,
            LongConsumer drained) {
        this.view = view;
        this.atRegistry = atRegistry;
        visitorsLeave = leaving;
        peers = new DomainPeers(self, elsewhere, view.domid(), view.generation());
        live = new LiveActors(
                context,
                "domain-" + view.domid() + "-" + view.generation(),
                atRegistry,
                actor -> spawned.accept(this, actor));
        calls = new DomainCalls(view.domid());
        homes = new HomeTelling(self);
        vcpus = live.role("vcpus", () -> actors.vcpus(this.view, routes()), this::brief);
        shards = new DomainShards(
                view.places(),
                peers,
                calls,
                index -> live.role(
                        "shard-" + index,
                        () -> actors.shard(this.view, index, routes()),
                        started -> briefShard(index, started)));
        types = live.role("types", () -> actors.types(this.view, routes()), this::briefTypes);
        servers = new DomainServers(
                peers,
                calls,
                server -> live.role(
                        "server-" + server.id() + "-" + server.generation(),
                        () -> actors.server(this.view, server, routes(), drained),
                        started -> briefServer(server.id(), started)),
                this::tellTypesIfThere);
        routes = new DomainRoutes(
                new ShardMap(view.firstGfns()),
                this::vcpusAt,
                shards.ways(),
                shards::waysNow,
                shards.waysOfServers(),
                shards::copy,
                shards::guestsNode,
                calls,
                new RunCatchUps(),
                new RunCatchUps(),
                new SilentCopies(view.domid(), view.generation()));
        here = new DomainHandle.Here(shards.here(), this::tellTypesHere);
    }

    private void tellTypesHere(TypesMessage message) {
        if (isAtTypes()) {
            types.tell(message);
        } else if (message instanceof TypesMessage.Call call) {
            calls.tell(new CallAnswer.Ended(call.call(), Optional.of(DomainShards.elsewhere())));
        } else {
            FromPeer.lost(message);
        }
    }

    private void tellTypes(TypesMessage message) {
        Life first = shards.first();
        if (peers.isSelf(first)) {
            types.tell(message);
        } else {
            peers.types(first).tell(message);
        }
    }

    private void tellTypesIfThere(TypesMessage message) {
        ActorRef<TypesMessage> actor = types.actor();
        if (actor != null) {
            types.tell(message);
        }
    }

    /** Any thread. */
    private VcpusRoute vcpusAt(Life life) {
        return peers.isSelf(life) ? vcpus::tell : peers.vcpus(life);
    }

    private DomainRoutes routes() {
        return routes;
    }

    int domid() {
        return view.domid();
    }

    long generation() {
        return view.generation();
    }

    /** What services see of it now. */
    DomainHandle handle(boolean crashed) {
        return new DomainHandle(
                view.domid(),
                view.generation(),
                view.nrPages(),
                view.nrVcpus(),
                vcpus::tell,
                routes.map(),
                routes.shards(),
                this::tellTypes,
                here,
                servers.handles(),
                crashed,
                calls);
    }

    boolean isServing() {
        return stoppedWhy == null;
    }

    /** Whether its last actor is gone. */
    boolean hasStopped() {
        return stoppedWhy != null && live.areNone();
    }

    /** Has a server of that generation an actor, which will report drains? Without one nothing was ever passed to it. */
    boolean hasServer(int id, long generation) {
        return isServing() && servers.hasActor(id, generation);
    }

    /**
     * Tells every actor the change: servers first, so that nothing that a shard decides by it arrives where it is not known.
     *
     * @param told run when all have applied it, on any thread; {@link #applied} is to follow
     * @param applied run by {@link #applied}, or when the domain has stopped; at once where there is no actor to be told
     */
    void apply(DomainChange change, Runnable told, Runnable applied) {
        view = change.view();
        BitSet shardsMoved = place();
        change.opened().forEach(opening -> openings.put(opening.vcpu(), opening));
        boolean serversChanged = servers.match(view);
        if (live.areNone()) {
            tellHomes(view.table().revision());
            applied.run();
        } else {
            long revision = view.table().revision();
            applying.put(revision, applied);
            tell(change, shardsMoved, told);
        }
        if (serversChanged) {
            tellTypesIfThere(servers.known());
        }
        if (!shardsMoved.isEmpty() && isAtTypes()) {
            recoverTypes();
        }
        servers.endGone(domid());
        shards.beginMoves();
    }

    /** Guests and emulators are to go to another node from now on, or not any more. */
    void leave(Optional<Refusal> why) {
        visitorsLeave = why;
        ActorRef<VcpusMessage> ofVcpus = vcpus.actor();
        if (ofVcpus != null) {
            ofVcpus.tell(new VcpusMessage.Leave(why));
        }
        if (why.isPresent()) {
            servers.tellIfWanted(new ServerMessage.Leave(why.get()));
        }
    }

    /** How many parts of it would be missed here: shards that this node decides, and servers at home here. */
    int parts() {
        return isServing() ? Departure.parts(view, peers.self()) : 0;
    }

    /** Whether the domain's type calls are carried out here. */
    private boolean isAtTypes() {
        return peers.isSelf(shards.first());
    }

    /** After the shards here have been told that they are decided here: what another node's death has cut short is finished (T6). */
    private void recoverTypes() {
        if (types.actor() != null || shards.size() > 1) {
            types.tell(recover());
        }
    }

    private TypesMessage recover() {
        return new TypesMessage.Recover(shards.firstEpoch());
    }

    /** Shards are where the view says; those that another life decides from now on. */
    private BitSet place() {
        BitSet moved = shards.place(view.places());
        if (!moved.isEmpty()) {
            Refusal why = Refusal.of(Errno.EAGAIN, "a shard of the domain goes on at another node")
                    .with("domid", domid())
                    .with("effect", "unknown");
            calls.shardsMoved(why);
            tellTypesIfThere(new TypesMessage.ShardsMoved(!isAtTypes(), why));
        }
        return moved;
    }

    private void tell(DomainChange change, BitSet shardsMoved, Runnable told) {
        // Whoever is there is told; whoever is started later begins with what is known then.
        List<Consumer<Runnable>> tells = new ArrayList<>();
        for (ServerView server : view.servers()) {
            ActorRef<ServerMessage> actor = servers.actor(server.id());
            if (actor != null) {
                tells.add(all -> actor.tell(new ServerMessage.Apply(
                        view.table().revision(),
                        server,
                        tellers(server.id()),
                        view.paused(),
                        change.opened(),
                        change.drainsOf(server.id()),
                        all)));
            }
        }
        Map<Integer, ServerRoute> serverRoutes = servers.routes();
        for (int i = 0; i < shards.size(); i++) {
            ActorRef<ShardMessage> actor = shards.actor(i);
            ShardPlace place = view.places().get(i);
            // A copy that decides from now on has passed over what was opened before.
            List<VcpuOpening> opened = shardsMoved.get(i) ? List.copyOf(openings.values()) : change.opened();
            if (actor != null) {
                tells.add(all -> actor.tell(new ShardMessage.Apply(place, view.table(), opened, serverRoutes, all)));
            }
        }
        ActorRef<VcpusMessage> ofVcpus = vcpus.actor();
        if (ofVcpus != null) {
            tells.add(all -> ofVcpus.tell(new VcpusMessage.Apply(
                    view.table().revision(),
                    view.paused(),
                    change.opened(),
                    movedAway(change),
                    shards.waysNow(shardsMoved),
                    all)));
        }
        Countdown all = new Countdown(tells.size() + 1, told);
        tells.forEach(each -> each.accept(all));
        all.run();
    }

    /** All actors have applied that change. */
    void applied(long revision) {
        tellHomes(revision);
        Runnable action = applying.remove(revision);
        if (action != null) {
            action.run();
        }
    }

    /** The shards here have asked servers' homes what they had to ask by that revision (D-22). */
    private void tellHomes(long revision) {
        shards.awaitSent(() -> tellHomesNow(revision), () -> atRegistry.execute(() -> tellHomesNow(revision)));
    }

    private void tellHomesNow(long revision) {
        if (isServing() && view.primaries().contains(peers.self())) {
            homes.tell(view, revision, (id, told) -> servers.tellHome(id, isHome(id), told));
        }
    }

    /** Who tells a server's home that it has been asked. */
    private Map<Life, Long> tellers(int id) {
        return isHome(id) ? view.lastEpochs() : Map.of();
    }

    /**
     * Runs something once no shard here has anything at the server that was decided before that revision and does not go there any more (V-10).
     *
     * @param done run on any thread; not at all where the domain stops first
     */
    void awaitReturned(int id, long revision, Runnable done) {
        shards.awaitReturned(id, revision, done);
    }

    /** What an actor that is started is told first. */
    private void brief(ActorRef<VcpusMessage> started) {
        started.tell(new VcpusMessage.Apply(
                view.table().revision(),
                view.paused(),
                List.copyOf(openings.values()),
                List.of(),
                Map.of(),
                RunningDomain::nobodyWaits));
        if (visitorsLeave.isPresent()) {
            started.tell(new VcpusMessage.Leave(visitorsLeave));
        }
    }

    private void briefShard(int index, ActorRef<ShardMessage> started) {
        started.tell(new ShardMessage.Apply(
                view.places().get(index),
                view.table(),
                List.copyOf(openings.values()),
                servers.routes(),
                RunningDomain::nobodyWaits));
    }

    private void briefTypes(ActorRef<TypesMessage> started) {
        started.tell(servers.known());
        if (shards.hasTakenOver() && isAtTypes()) {
            started.tell(recover());
        }
    }

    private void briefServer(int id, ActorRef<ServerMessage> started) {
        for (ServerView server : view.servers()) {
            if (server.id() == id) {
                started.tell(new ServerMessage.Apply(
                        view.table().revision(),
                        server,
                        tellers(id),
                        view.paused(),
                        List.copyOf(openings.values()),
                        List.of(),
                        RunningDomain::nobodyWaits));
                homes.owed(server).ifPresent(started::tell);
            }
        }
    }

    private static void nobodyWaits() {}

    private boolean isHome(int id) {
        return peers.self().equals(view.homes().get(id));
    }

    private List<VcpuMove> movedAway(DomainChange change) {
        return change.moved().stream()
                .filter(moved -> !moved.node().equals(peers.self().node()))
                .map(DomainChange.GuestMove::move)
                .toList();
    }

    /** Carries out the second half of a release with {@code reset}, in order with the domain's type calls (C5). */
    void reset(int x, Runnable done) {
        boolean isUntouched = types.actor() == null && !shards.hasTakenOver();
        if (!isAtTypes() || isUntouched) {
            // Another node does it, or nobody has changed a type, or who wants to has not begun.
            done.run();
        } else {
            types.tell(new TypesMessage.Reset(x, done));
        }
    }

    /** Ends it: streams and calls hear why, memory is given back. */
    void stop(Refusal why) {
        if (!isServing()) {
            return;
        }
        stoppedWhy = why;
        vcpus.end(new VcpusMessage.Closed(why, true));
        servers.stop(why);
        types.end(new TypesMessage.Stop());
        shards.stop();
        endIfStopped();
    }

    /** Runs something once all its actors are gone; at once where they are. */
    void whenStopped(Runnable action) {
        onStopped.add(action);
        endIfStopped();
    }

    /** An actor of it is gone. False: it should not be. */
    boolean terminated(ActorRef<?> actor) {
        live.gone(actor);
        boolean wasLeaving = servers.terminated(actor);
        endIfStopped();
        return wasLeaving || !isServing();
    }

    /** The node ends, and its actors have: calls end. */
    void abandon(Refusal why) {
        calls.close(why);
    }

    private void endIfStopped() {
        Refusal why = stoppedWhy;
        if (why != null && live.areNone()) {
            calls.close(why);
            List<Runnable> actions = new ArrayList<>(applying.values());
            actions.addAll(onStopped);
            applying.clear();
            onStopped.clear();
            actions.forEach(Runnable::run);
        }
    }
}
