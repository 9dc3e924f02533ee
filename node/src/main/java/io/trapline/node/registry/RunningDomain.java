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
import io.trapline.node.protocol.ShardRoute;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.protocol.VcpuMove;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.protocol.VcpusMessage;
import io.trapline.node.protocol.VcpusRoute;
import io.trapline.v1.IoreqServerCounters;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
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
    private final ActorContext<?> context;
    private final DomainActors actors;
    private final Life self;
    private final Peers peers;
    private final Executor atRegistry;
    private final BiConsumer<RunningDomain, ActorRef<?>> spawned;
    private final LongConsumer drained;
    private final DomainRoutes routes;
    private final DomainHandle.Here here;
    private final int domid;
    private final long generation;
    private final ConcurrentHashMap<Life, VcpusRoute> elsewhere = new ConcurrentHashMap<>();
    private final DomainCalls calls;
    private final Role<VcpusMessage> vcpus;
    private final List<Role<ShardMessage>> shards = new ArrayList<>();
    private final List<ShardWay> ways = new ArrayList<>();
    private final List<ShardWay> waysOfServers = new ArrayList<>();
    private final Role<TypesMessage> types;
    private final Map<Integer, Server> servers = new HashMap<>();
    /** Every actor that has not stopped. */
    private final Set<ActorRef<?>> alive = new HashSet<>();
    /** Servers that were told to stop. */
    private final Map<ActorRef<?>, ServerHandle> leaving = new HashMap<>();

    /** By vCPU the epoch at which it was opened last. */
    private final TreeMap<Integer, VcpuOpening> openings = new TreeMap<>();

    /** By revision the changes that the actors are applying. */
    private final TreeMap<Long, Runnable> applying = new TreeMap<>();

    private final HomeTelling homes;
    private final List<Runnable> onStopped = new ArrayList<>();
    private DomainView view;
    private volatile List<ShardPlace> places;
    /** Whether it decides shards that others decided before, and may have retyped. */
    private boolean hasTakenOver;

    /** Why guests and emulators are to go to another node; empty = they are not. */
    private Optional<Refusal> visitorsLeave;

    private @Nullable Refusal stoppedWhy;

    private record Server(ServerHandle handle, Role<ServerMessage> role) {}

    /**
     * @param self this life of the node
     * @param peers the ways to what others have of the domain
     * @param atRegistry runs things on the registry's actor, later
     * @param leaving why guests and emulators are to go to another node; empty = they are not
     * @param spawned told of each actor that is started
     * @param drained given the revision of each drain that a server's actor is done with; on any thread
     */
    RunningDomain(
            ActorContext<?> context,
            DomainActors actors,
            Life self,
            Peers peers,
            DomainView view,
            Optional<Refusal> leaving,
            Executor atRegistry,
            BiConsumer<RunningDomain, ActorRef<?>> spawned,
            LongConsumer drained) {
        this.context = context;
        this.actors = actors;
        this.self = self;
        this.peers = peers;
        this.view = view;
        visitorsLeave = leaving;
        domid = view.domid();
        generation = view.generation();
        this.atRegistry = atRegistry;
        this.spawned = spawned;
        this.drained = drained;
        calls = new DomainCalls(view.domid());
        homes = new HomeTelling(self);
        ShardMap map = new ShardMap(view.firstGfns());
        vcpus = role("vcpus", () -> actors.vcpus(this.view, routes()), this::brief);
        for (int i = 0; i < map.size(); i++) {
            int index = i;
            shards.add(role(
                    "shard-" + i,
                    () -> actors.shard(this.view, index, routes()),
                    started -> briefShard(index, started)));
        }
        types = role("types", () -> actors.types(this.view, routes()), this::briefTypes);
        List<ShardRoute> here = new ArrayList<>();
        for (int i = 0; i < map.size(); i++) {
            int index = i;
            Life primary = view.places().get(i).primary();
            ways.add(new ShardWay(life -> copy(life, index), primary));
            waysOfServers.add(new ShardWay(life -> copyOfServers(life, index), primary));
            here.add(message -> tellHere(index, message));
        }
        routes = new DomainRoutes(
                map,
                this::vcpusAt,
                List.copyOf(ways),
                this::shardsNow,
                List.copyOf(waysOfServers),
                this::copy,
                this::guestsNode,
                calls,
                new RunCatchUps(),
                new RunCatchUps());
        this.here = new DomainHandle.Here(here, this::tellTypesHere);
        places = view.places();
    }

    private List<ShardRoute> shardsNow() {
        return IntStream.range(0, places.size())
                .mapToObj(i -> copy(places.get(i).primary(), i))
                .toList();
    }

    private ShardRoute copy(Life life, int index) {
        return life.equals(self) ? shards.get(index)::tell : peers.shard(life, domid, generation, index);
    }

    private ShardRoute copyOfServers(Life life, int index) {
        return life.equals(self) ? shards.get(index)::tell : peers.shardOfServers(life, domid, generation, index);
    }

    private Optional<String> guestsNode() {
        Life most = mostShards(places.stream().map(ShardPlace::primary).toList());
        return most.equals(self) ? Optional.empty() : peers.address(most);
    }

    /** What peers tell a shard. One that has no copy here, as far as is known, may be about to have one. Any thread. */
    private void tellHere(int index, ShardMessage message) {
        ShardMessage told = message instanceof ShardMessage.FromPeer come ? come.message() : message;
        ShardPlace place = places.get(index);
        Role<ShardMessage> role = shards.get(index);
        if (told instanceof ShardMessage.Change
                || place.primary().equals(self)
                || place.isCopy(self)
                || role.actor() != null) {
            role.tell(message);
        } else if (told instanceof ShardMessage.Call call) {
            calls.tell(new CallAnswer.Done(call.call(), index, Optional.of(shardElsewhere())));
        } else {
            FromPeer.lost(message);
        }
    }

    private void tellTypesHere(TypesMessage message) {
        if (places.getFirst().primary().equals(self)) {
            types.tell(message);
        } else if (message instanceof TypesMessage.Call call) {
            calls.tell(new CallAnswer.Ended(call.call(), Optional.of(shardElsewhere())));
        } else {
            FromPeer.lost(message);
        }
    }

    private void tellTypes(TypesMessage message) {
        Life first = places.getFirst().primary();
        if (first.equals(self)) {
            types.tell(message);
        } else {
            peers.types(first, domid, generation).tell(message);
        }
    }

    private static Refusal shardElsewhere() {
        return Refusal.of(Errno.EAGAIN, "the shard is at another node").with("effect", "none");
    }

    /** Who has most of them; of several, who has the lowest. */
    private static Life mostShards(List<Life> primaries) {
        return primaries.stream()
                .max(Comparator.comparingInt(life -> Collections.frequency(primaries, life)))
                .orElseThrow();
    }

    /** Any thread. */
    private VcpusRoute vcpusAt(Life life) {
        return life.equals(self)
                ? vcpus::tell
                : elsewhere.computeIfAbsent(life, at -> peers.vcpus(at, domid, generation));
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
        Map<Integer, ServerHandle> handles = new HashMap<>();
        servers.forEach((id, server) -> handles.put(id, server.handle()));
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
                handles,
                crashed,
                calls);
    }

    boolean isServing() {
        return stoppedWhy == null;
    }

    /** Whether its last actor is gone. */
    boolean hasStopped() {
        return stoppedWhy != null && alive.isEmpty();
    }

    /** Has a server of that generation an actor, which will report drains? Without one nothing was ever passed to it. */
    boolean hasServer(int id, long generation) {
        Server server = servers.get(id);
        return isServing()
                && server != null
                && server.handle().generation() == generation
                && server.role().actor() != null;
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
        List<Server> gone = new ArrayList<>();
        boolean serversChanged = matchServers(gone);
        if (alive.isEmpty()) {
            tellHomes(view.table().revision());
            applied.run();
        } else {
            long revision = view.table().revision();
            applying.put(revision, applied);
            tell(change, shardsMoved, told);
        }
        if (serversChanged && types.actor() != null) {
            types.tell(knownServers());
        }
        if (!shardsMoved.isEmpty() && isAtTypes()) {
            recoverTypes();
        }
        gone.forEach(this::stop);
        beginMoves();
    }

    /** A copy that nobody has asked anything goes elsewhere like any other: its actor is started for that. */
    private void beginMoves() {
        for (int i = 0; i < shards.size(); i++) {
            ShardPlace place = places.get(i);
            boolean moves = place.state() == ShardPlace.State.SYNCING || place.handsOver();
            if (moves && place.primary().equals(self) && shards.get(i).actor() == null) {
                shards.get(i).tell(new ShardMessage.Resume());
            }
        }
    }

    /** Guests and emulators are to go to another node from now on, or not any more. */
    void leave(Optional<Refusal> why) {
        visitorsLeave = why;
        ActorRef<VcpusMessage> ofVcpus = vcpus.actor();
        if (ofVcpus != null) {
            ofVcpus.tell(new VcpusMessage.Leave(why));
        }
        if (why.isPresent()) {
            servers.values().forEach(server -> server.role().tellIfWanted(new ServerMessage.Leave(why.get())));
        }
    }

    /** How many parts of it would be missed here: shards that this node decides, and servers at home here. */
    int parts() {
        long decided = places.stream()
                .filter(place -> place.primary().equals(self) && place.state() != ShardPlace.State.LOST)
                .count();
        return isServing() ? (int) decided + Collections.frequency(view.homes().values(), self) : 0;
    }

    /** Whether the domain's type calls are carried out here. */
    private boolean isAtTypes() {
        return places.getFirst().primary().equals(self);
    }

    /** After the shards here have been told that they are decided here: what another node's death has cut short is finished (T6). */
    private void recoverTypes() {
        if (types.actor() != null || shards.size() > 1) {
            types.tell(recover());
        }
    }

    private TypesMessage recover() {
        return new TypesMessage.Recover(places.getFirst().epoch());
    }

    /** Shards are where the view says; those that another life decides from now on. */
    private BitSet place() {
        List<ShardPlace> before = places;
        places = view.places();
        BitSet moved = new BitSet();
        for (int i = 0; i < places.size(); i++) {
            Life primary = places.get(i).primary();
            if (!primary.equals(before.get(i).primary())) {
                ways.get(i).leadTo(primary);
                waysOfServers.get(i).leadTo(primary);
                moved.set(i);
                hasTakenOver |= primary.equals(self);
            }
        }
        if (!moved.isEmpty()) {
            Refusal why = Refusal.of(Errno.EAGAIN, "a shard of the domain goes on at another node")
                    .with("domid", domid)
                    .with("effect", "unknown");
            calls.shardsMoved(why);
            if (types.actor() != null) {
                types.tell(new TypesMessage.ShardsMoved(
                        !places.getFirst().primary().equals(self), why));
            }
        }
        return moved;
    }

    private Map<Integer, ShardRoute> ways(BitSet moved) {
        return moved.stream()
                .boxed()
                .collect(Collectors.toMap(i -> i, i -> copy(view.places().get(i).primary(), i)));
    }

    private void tell(DomainChange change, BitSet shardsMoved, Runnable told) {
        // Whoever is there is told; whoever is started later begins with what is known then.
        List<Consumer<Runnable>> tells = new ArrayList<>();
        for (ServerView server : view.servers()) {
            ActorRef<ServerMessage> actor = server(server).role().actor();
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
        Map<Integer, ServerRoute> serverRoutes = serverRoutes();
        for (int i = 0; i < shards.size(); i++) {
            ActorRef<ShardMessage> actor = shards.get(i).actor();
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
                    ways(shardsMoved),
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
        List<ActorRef<ShardMessage>> asking = shardActors();
        if (asking.isEmpty()) {
            tellHomesNow(revision);
        } else {
            // With a backup, what they ask leaves only when that knows of it.
            Countdown all = new Countdown(asking.size(), () -> atRegistry.execute(() -> tellHomesNow(revision)));
            asking.forEach(shard -> shard.tell(new ShardMessage.AwaitSent(all)));
        }
    }

    private void tellHomesNow(long revision) {
        if (isServing() && view.primaries().contains(self)) {
            homes.tell(view, revision, (id, told) -> {
                Server server = Objects.requireNonNull(servers.get(id));
                if (isHome(id)) {
                    return server.role().tellIfWanted(told);
                }
                server.handle().route().tell(told);
                return true;
            });
        }
    }

    /** Who tells a server's home that it has been asked. */
    private Set<Life> tellers(int id) {
        return isHome(id) ? Set.copyOf(view.primaries()) : Set.of();
    }

    /**
     * Runs something once no shard here has anything at the server that was decided before that revision and does not go there any more (V-10).
     *
     * @param done run on any thread; not at all where the domain stops first
     */
    void awaitReturned(int id, long revision, Runnable done) {
        List<ActorRef<ShardMessage>> asked = shardActors();
        Countdown all = new Countdown(asked.size() + 1, done);
        asked.forEach(shard -> shard.tell(new ShardMessage.AwaitReturned(id, revision, all)));
        all.run();
    }

    private List<ActorRef<ShardMessage>> shardActors() {
        return shards.stream()
                .map(Role::actor)
                .filter(Objects::nonNull)
                .map(Objects::requireNonNull)
                .toList();
    }

    private Server server(ServerView server) {
        Server known = servers.get(server.id());
        if (known == null) {
            throw new IllegalStateException("server " + server.id() + " is not known");
        }
        return known;
    }

    private Map<Integer, ServerRoute> serverRoutes() {
        Map<Integer, ServerRoute> all = new HashMap<>();
        servers.forEach((id, server) -> all.put(id, server.handle().route()));
        return Map.copyOf(all);
    }

    private TypesMessage knownServers() {
        Map<Integer, TypesMessage.KnownServer> all = new HashMap<>();
        servers.forEach((id, server) -> all.put(
                id,
                new TypesMessage.KnownServer(
                        server.handle().generation(), server.handle().route())));
        return new TypesMessage.Servers(Map.copyOf(all));
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
                serverRoutes(),
                RunningDomain::nobodyWaits));
    }

    private void briefTypes(ActorRef<TypesMessage> started) {
        started.tell(knownServers());
        if (hasTakenOver && isAtTypes()) {
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
        return self.equals(view.homes().get(id));
    }

    private List<VcpuMove> movedAway(DomainChange change) {
        return change.moved().stream()
                .filter(moved -> !moved.node().equals(self.node()))
                .map(DomainChange.GuestMove::move)
                .toList();
    }

    /** Whether any has come or gone. */
    private boolean matchServers(List<Server> gone) {
        Map<Integer, ServerView> wanted = new HashMap<>();
        view.servers().forEach(server -> wanted.put(server.id(), server));
        servers.values().removeIf(server -> {
            ServerView now = wanted.get(server.handle().id());
            boolean leaves = now == null || now.generation() != server.handle().generation();
            if (leaves) {
                gone.add(server);
            }
            return leaves;
        });
        boolean changed = !gone.isEmpty();
        for (ServerView server : view.servers()) {
            Life home = Objects.requireNonNull(view.homes().get(server.id()));
            Server known = servers.get(server.id());
            if (known != null && known.handle().homeEpoch() != server.homeEpoch()) {
                servers.put(server.id(), at(home, server.homeEpoch(), known.handle(), known.role()));
                calls.serverMoved(server.id(), server.homeEpoch());
                changed = true;
            }
            if (known != null && !known.handle().line().equals(server.line())) {
                Server now = Objects.requireNonNull(servers.get(server.id()));
                servers.put(server.id(), new Server(now.handle().withLine(server.line()), now.role()));
            }
            if (known == null) {
                Role<ServerMessage> role = role(
                        "server-" + server.id() + "-" + server.generation(),
                        () -> actors.server(view, server, routes, drained),
                        started -> briefServer(server.id(), started));
                ServerHandle handle = new ServerHandle(
                        server.id(), server.generation(), server.principal(), 0, server.line(), role::tell, here(role));
                servers.put(server.id(), at(home, server.homeEpoch(), handle, role));
                changed = true;
            }
        }
        return changed;
    }

    /** What it has done is asked of every node; that starts nothing. */
    private static ServerRoute here(Role<ServerMessage> role) {
        return message -> {
            if (message instanceof ServerMessage.GetCounters asked && role.actor() == null) {
                asked.reply().accept(IoreqServerCounters.getDefaultInstance());
            } else {
                role.tell(message);
            }
        };
    }

    private Server at(Life home, long homeEpoch, ServerHandle known, Role<ServerMessage> role) {
        ServerRoute way = home.equals(self)
                ? known.here()
                : peers.server(home, domid, generation, known.id(), known.generation());
        return new Server(
                new ServerHandle(
                        known.id(), known.generation(), known.principal(), homeEpoch, known.line(), way, known.here()),
                role);
    }

    private void stop(Server server) {
        ServerHandle handle = server.handle();
        server.role().end();
        ActorRef<ServerMessage> actor = server.role().actor();
        if (actor == null) {
            forget(handle);
        } else {
            leaving.put(actor, handle);
            actor.tell(new ServerMessage.Stop(Refusal.noServer(domid(), handle.id())));
        }
    }

    /** Nothing of a server is left. */
    private void forget(ServerHandle server) {
        calls.serverGone(server.id(), server.generation());
        if (types.actor() != null) {
            types.tell(new TypesMessage.ServerGone(server.id(), server.generation()));
        }
    }

    /** Carries out the second half of a release with {@code reset}, in order with the domain's type calls (C5). */
    void reset(int x, Runnable done) {
        boolean isUntouched = types.actor() == null && !hasTakenOver;
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
        stop(vcpus, new VcpusMessage.Closed(why, true));
        servers.values().forEach(server -> stop(server.role(), new ServerMessage.Stop(why)));
        stop(types, new TypesMessage.Stop());
        shards.forEach(shard -> stop(shard, new ShardMessage.Stop()));
        endIfStopped();
    }

    private static <M> void stop(Role<M> role, M stop) {
        role.end();
        ActorRef<M> actor = role.actor();
        if (actor != null) {
            actor.tell(stop);
        }
    }

    /** Runs something once all its actors are gone; at once where they are. */
    void whenStopped(Runnable action) {
        onStopped.add(action);
        endIfStopped();
    }

    /** An actor of it is gone. False: it should not be. */
    boolean terminated(ActorRef<?> actor) {
        alive.remove(actor);
        ServerHandle server = leaving.remove(actor);
        if (server != null) {
            forget(server);
        }
        endIfStopped();
        return server != null || !isServing();
    }

    /** The node ends, and its actors have: calls end. */
    void abandon(Refusal why) {
        calls.close(why);
    }

    private void endIfStopped() {
        Refusal why = stoppedWhy;
        if (why != null && alive.isEmpty()) {
            calls.close(why);
            List<Runnable> actions = new ArrayList<>(applying.values());
            actions.addAll(onStopped);
            applying.clear();
            onStopped.clear();
            actions.forEach(Runnable::run);
        }
    }

    private <M> Role<M> role(String name, Supplier<Behavior<M>> behavior, Consumer<ActorRef<M>> brief) {
        return new Role<>(filled -> atRegistry.execute(() -> {
            if (!filled.hasEnded()) {
                filled.begin(spawn(behavior.get(), name), brief);
            }
        }));
    }

    private <T> ActorRef<T> spawn(Behavior<T> behavior, String role) {
        ActorRef<T> actor = context.spawn(behavior, "domain-" + view.domid() + "-" + view.generation() + "-" + role);
        context.watch(actor);
        alive.add(actor);
        spawned.accept(this, actor);
        return actor;
    }
}
