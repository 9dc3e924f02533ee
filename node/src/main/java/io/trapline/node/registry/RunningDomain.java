package io.trapline.node.registry;

import io.trapline.model.Refusal;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.protocol.VcpusMessage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongConsumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.jspecify.annotations.Nullable;

/**
 * The actors of one domain at this node, from the change that creates it until the last of them has stopped. Owned by the registry's actor.
 * <pre>
 *   serving ──stop()──▶ stopping ──last actor gone──▶ stopped
 * </pre>
 */
final class RunningDomain {
    private final ActorContext<?> context;
    private final DomainActors actors;
    private final LongConsumer drained;
    private final DomainCalls calls;
    private final ShardMap map;
    private final ActorRef<VcpusMessage> vcpus;
    private final List<ActorRef<ShardMessage>> shards = new ArrayList<>();
    private final ActorRef<TypesMessage> types;
    private final Map<Integer, ServerHandle> servers = new HashMap<>();
    /** Every actor that has not stopped. */
    private final Set<ActorRef<?>> alive = new HashSet<>();
    /** Servers that were told to stop. */
    private final Map<ActorRef<?>, ServerHandle> leaving = new HashMap<>();

    /** By revision the changes that the actors are applying. */
    private final TreeMap<Long, Runnable> applying = new TreeMap<>();

    private final List<Runnable> onStopped = new ArrayList<>();
    private DomainView view;
    private @Nullable Refusal stoppedWhy;

    RunningDomain(ActorContext<?> context, DomainActors actors, DomainView view, LongConsumer drained) {
        this.context = context;
        this.actors = actors;
        this.view = view;
        this.drained = drained;
        calls = new DomainCalls(view.domid());
        map = new ShardMap(view.firstGfns());
        vcpus = spawn(actors.vcpus(view, map), "vcpus");
        for (int i = 0; i < map.size(); i++) {
            shards.add(spawn(actors.shard(view, map, i, vcpus), "shard-" + i));
        }
        List<ActorRef<ShardMessage>> all = List.copyOf(shards);
        shards.forEach(shard -> shard.tell(new ShardMessage.Peers(map, all)));
        vcpus.tell(new VcpusMessage.Shards(all));
        types = spawn(actors.types(view, map, all), "types");
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
                vcpus,
                map,
                shards,
                types,
                servers,
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

    /** Has a server of that generation an actor that may report drains? */
    boolean hasServer(int id, long generation) {
        ServerHandle server = servers.get(id);
        return isServing() && server != null && server.generation() == generation;
    }

    Set<ActorRef<?>> actors() {
        return alive;
    }

    /**
     * Tells every actor the change: servers first, so that nothing that a shard decides by it arrives where it is not known. Returns the actors that
     * are new.
     *
     * @param told run when all have applied it, on any thread; {@link #applied} is to follow
     * @param applied run by {@link #applied}, or when the domain has stopped
     */
    List<ActorRef<?>> apply(DomainChange change, Runnable told, Runnable applied) {
        view = change.view();
        applying.put(view.table().revision(), applied);
        List<ServerHandle> gone = new ArrayList<>();
        List<ActorRef<?>> spawned = new ArrayList<>();
        matchServers(gone, spawned);
        Countdown all = new Countdown(servers.size() + shards.size() + 1, told);
        Map<Integer, ActorRef<ServerMessage>> refs = new HashMap<>();
        for (ServerView server : view.servers()) {
            ActorRef<ServerMessage> actor = actor(server);
            refs.put(server.id(), actor);
            actor.tell(new ServerMessage.Apply(
                    view.table().revision(),
                    server,
                    view.paused(),
                    change.opened(),
                    change.drainsOf(server.id()),
                    all));
        }
        ShardMessage apply = new ShardMessage.Apply(view.table(), change.opened(), Map.copyOf(refs), all);
        shards.forEach(shard -> shard.tell(apply));
        vcpus.tell(new VcpusMessage.Apply(view.table().revision(), view.paused(), change.opened(), all));
        for (ServerHandle server : gone) {
            leaving.put(server.actor(), server);
            server.actor().tell(new ServerMessage.Stop(Refusal.noServer(domid(), server.id())));
        }
        return spawned;
    }

    /** All actors have applied that change. */
    void applied(long revision) {
        Runnable action = applying.remove(revision);
        if (action != null) {
            action.run();
        }
    }

    private ActorRef<ServerMessage> actor(ServerView server) {
        ServerHandle handle = servers.get(server.id());
        if (handle == null) {
            throw new IllegalStateException("server " + server.id() + " has no actor");
        }
        return handle.actor();
    }

    private void matchServers(List<ServerHandle> gone, List<ActorRef<?>> spawned) {
        Map<Integer, ServerView> wanted = new HashMap<>();
        view.servers().forEach(server -> wanted.put(server.id(), server));
        servers.values().removeIf(server -> {
            ServerView now = wanted.get(server.id());
            boolean leaves = now == null || now.generation() != server.generation();
            if (leaves) {
                gone.add(server);
            }
            return leaves;
        });
        for (ServerView server : view.servers()) {
            if (!servers.containsKey(server.id())) {
                ActorRef<ServerMessage> actor = spawn(
                        actors.server(view, server, List.copyOf(shards), drained),
                        "server-" + server.id() + "-" + server.generation());
                servers.put(server.id(), new ServerHandle(server.id(), server.generation(), server.principal(), actor));
                spawned.add(actor);
            }
        }
    }

    /** Carries out the second half of a release with {@code reset}, in order with the domain's type calls (C5). */
    void reset(int x, Runnable done) {
        types.tell(new TypesMessage.Reset(x, done));
    }

    /** Ends it: streams and calls hear why, memory is given back. */
    void stop(Refusal why) {
        if (!isServing()) {
            return;
        }
        stoppedWhy = why;
        vcpus.tell(new VcpusMessage.Closed(why, true));
        servers.values().forEach(server -> server.actor().tell(new ServerMessage.Stop(why)));
        types.tell(new TypesMessage.Stop());
        shards.forEach(shard -> shard.tell(new ShardMessage.Stop()));
        endIfStopped();
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
            calls.serverGone(server.id(), server.generation());
            types.tell(new TypesMessage.ServerGone(server.id(), server.generation()));
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

    private <T> ActorRef<T> spawn(Behavior<T> behavior, String role) {
        ActorRef<T> actor = context.spawn(behavior, "domain-" + view.domid() + "-" + view.generation() + "-" + role);
        context.watch(actor);
        alive.add(actor);
        return actor;
    }
}
