package io.trapline.node.peer;

import io.trapline.node.protocol.Life;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The nodes of the cluster, as the registry had them at some revision.
 *
 * @param self the life of this node
 * @param revision at which they were so, as far as is known here
 * @param peers by name the nodes that are registered, this one included
 */
public record PeerDirectory(Life self, long revision, Map<String, Peer> peers) {
    /**
     * A node.
     *
     * @param incarnation of the life that is registered
     * @param address where it is reached, {@code host:port}
     */
    public record Peer(long incarnation, String address) {}

    public PeerDirectory {
        peers = Map.copyOf(peers);
    }

    /** Where that life is reached; empty where it is not the one that is registered. */
    Optional<String> address(Life life) {
        Peer peer = peers.get(life.node());
        return peer == null || peer.incarnation() != life.incarnation()
                ? Optional.empty()
                : Optional.of(peer.address());
    }

    /** The life of that node that is registered, 0 = none. */
    long incarnation(String node) {
        @Nullable Peer peer = peers.get(node);
        return peer == null ? 0 : peer.incarnation();
    }

    boolean isRegistered(Life life) {
        return incarnation(life.node()) == life.incarnation();
    }
}
