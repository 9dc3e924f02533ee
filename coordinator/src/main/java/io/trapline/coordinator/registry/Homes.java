package io.trapline.coordinator.registry;

import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.PlacedDomain;
import io.trapline.internal.v1.RegisteredNode;
import io.trapline.internal.v1.RegisteredServer;
import io.trapline.model.Pure;
import java.util.List;
import java.util.Optional;

/**
 * Where the parts of a domain are: its shards in the memory of a node's life, each of its servers at a home, which is where its emulator attached last, or else
 * where its domain is. A home is a node's for as long as that node may have the server's ioreqs; its change is one of the server (C7).
 */
@Pure
final class Homes {
    private final State state;
    private final Servers servers;

    Homes(State state, Servers servers) {
        this.state = state;
        this.servers = servers;
    }

    /** The present life of a node; incarnation 0 where it has none. */
    static NodeLife life(State state, String node) {
        RegisteredNode known = state.nodes.get(node);
        return known == null ? NodeLife.newBuilder().setNode(node).build() : Nodes.life(known);
    }

    /** Where a server is while no emulator has attached to it elsewhere. */
    static NodeLife first(State state, int domid) {
        return state.domain(domid).getRuns(0).getPrimary();
    }

    /** Where a server is once an emulator has attached at the node. */
    static NodeLife afterAttach(State state, RegisteredServer server, String node) {
        return Optional.ofNullable(state.nodes.get(node))
                .map(Nodes::life)
                .filter(life -> life.getIncarnation() != 0)
                .orElse(server.getRecord().getHome());
    }

    /** Whether a server's home is another node than its domain's: it can go there. */
    static boolean isAway(State state, RegisteredServer server) {
        PlacedDomain placed = state.domains.get(server.getRecord().getServer().getDomid());
        String home = server.getRecord().getHome().getNode();
        return placed != null
                && !home.isEmpty()
                && !home.equals(placed.getRuns(0).getPrimary().getNode());
    }

    /** Nobody hears from that node: servers whose home it is go to where their domains are. The command has begun. */
    void leave(String node, long revision) {
        for (RegisteredServer server : List.copyOf(state.servers.values())) {
            if (isAway(state, server) && server.getRecord().getHome().getNode().equals(node)) {
                servers.move(
                        server,
                        revision,
                        first(state, server.getRecord().getServer().getDomid()));
            }
        }
    }
}
