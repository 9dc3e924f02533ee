package io.trapline.node.registry;

import io.trapline.model.Refusal;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ServerRoute;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.v1.IoreqServerCounters;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/** The IOREQ servers of one domain as this node knows them: the actors that are here, and the ways to their homes. Owned by the registry's actor. */
final class DomainServers {
    private record Server(ServerHandle handle, Role<ServerMessage> role) {}

    private final DomainPeers peers;
    private final DomainCalls calls;
    private final Function<ServerView, Role<ServerMessage>> role;
    private final Consumer<TypesMessage> types;
    private final Map<Integer, Server> servers = new HashMap<>();
    /** Those that were told to stop. */
    private final Map<ActorRef<?>, ServerHandle> leaving = new HashMap<>();

    /** Those that are gone and have not been told yet. */
    private final List<Server> gone = new ArrayList<>();

    /**
     * @param role the place for a server's actor
     * @param types told what the domain's type calls must know; where there is no actor for those, nobody is
     */
    DomainServers(
            DomainPeers peers,
            DomainCalls calls,
            Function<ServerView, Role<ServerMessage>> role,
            Consumer<TypesMessage> types) {
        this.peers = peers;
        this.calls = calls;
        this.role = role;
        this.types = types;
    }

    /** What services see of them. */
    Map<Integer, ServerHandle> handles() {
        Map<Integer, ServerHandle> handles = new HashMap<>();
        servers.forEach((id, server) -> handles.put(id, server.handle()));
        return handles;
    }

    /** By id the way to its home. */
    Map<Integer, ServerRoute> routes() {
        Map<Integer, ServerRoute> all = new HashMap<>();
        servers.forEach((id, server) -> all.put(id, server.handle().route()));
        return Map.copyOf(all);
    }

    /** What the domain's type calls know of them. */
    TypesMessage known() {
        Map<Integer, TypesMessage.KnownServer> all = new HashMap<>();
        servers.forEach((id, server) -> all.put(
                id,
                new TypesMessage.KnownServer(
                        server.handle().generation(), server.handle().route())));
        return new TypesMessage.Servers(Map.copyOf(all));
    }

    /** Has one of that generation an actor, which will report drains? Without one nothing was ever passed to it. */
    boolean hasActor(int id, long generation) {
        Server server = servers.get(id);
        return server != null
                && server.handle().generation() == generation
                && server.role().actor() != null;
    }

    /** The actor of one that is known, where it has one. */
    @Nullable
    ActorRef<ServerMessage> actor(int id) {
        return known(id).role().actor();
    }

    private Server known(int id) {
        Server known = servers.get(id);
        if (known == null) {
            throw new IllegalStateException("server " + id + " is not known");
        }
        return known;
    }

    /** Tells its home, but starts nothing for that here; false where nobody is told. */
    boolean tellHome(int id, boolean isHere, ServerMessage.HomeTold told) {
        Server server = known(id);
        if (isHere) {
            return server.role().tellIfWanted(told);
        }
        server.handle().route().tell(told);
        return true;
    }

    /** Tells all actors that are here. */
    void tellIfWanted(ServerMessage message) {
        servers.values().forEach(server -> server.role().tellIfWanted(message));
    }

    /** They are as the view says; those that are gone stop by {@link #endGone}. Returns whether any has come, moved or gone. */
    boolean match(DomainView view) {
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
            changed |= match(server, Objects.requireNonNull(view.homes().get(server.id())));
        }
        return changed;
    }

    private boolean match(ServerView server, Life home) {
        Server known = servers.get(server.id());
        if (known == null) {
            Role<ServerMessage> begun = role.apply(server);
            ServerHandle handle = new ServerHandle(
                    server.id(), server.generation(), server.principal(), 0, server.line(), begun::tell, here(begun));
            servers.put(server.id(), at(home, server.homeEpoch(), handle, begun));
            return true;
        }
        boolean hasMoved = known.handle().homeEpoch() != server.homeEpoch();
        Server now = hasMoved ? at(home, server.homeEpoch(), known.handle(), known.role()) : known;
        servers.put(server.id(), new Server(now.handle().withLine(server.line()), now.role()));
        if (hasMoved) {
            calls.serverMoved(server.id(), server.homeEpoch());
        }
        return hasMoved;
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
        ServerRoute way = peers.isSelf(home) ? known.here() : peers.server(home, known.id(), known.generation());
        return new Server(
                new ServerHandle(
                        known.id(), known.generation(), known.principal(), homeEpoch, known.line(), way, known.here()),
                role);
    }

    /** Those that are gone, as of the last view, stop. */
    void endGone(int domid) {
        List<Server> ending = List.copyOf(gone);
        gone.clear();
        for (Server server : ending) {
            ActorRef<ServerMessage> actor = server.role()
                    .end(new ServerMessage.Stop(
                            Refusal.noServer(domid, server.handle().id())));
            if (actor == null) {
                forget(server.handle());
            } else {
                leaving.put(actor, server.handle());
            }
        }
    }

    /** Nothing of a server is left. */
    private void forget(ServerHandle server) {
        calls.serverGone(server.id(), server.generation());
        types.accept(new TypesMessage.ServerGone(server.id(), server.generation()));
    }

    /** An actor has stopped; whether it was one that had been told to, because its server is gone. */
    boolean terminated(ActorRef<?> actor) {
        ServerHandle server = leaving.remove(actor);
        if (server != null) {
            forget(server);
        }
        return server != null;
    }

    /** The domain stops. */
    void stop(Refusal why) {
        servers.values().forEach(server -> server.role().end(new ServerMessage.Stop(why)));
    }
}
