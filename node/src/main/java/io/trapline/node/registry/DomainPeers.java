package io.trapline.node.registry;

import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ServerRoute;
import io.trapline.node.protocol.ShardRoute;
import io.trapline.node.protocol.TypesRoute;
import io.trapline.node.protocol.VcpusRoute;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** The ways to what other nodes have of one domain. Any thread. */
final class DomainPeers {
    private final Life self;
    private final Peers peers;
    private final int domid;
    private final long generation;
    private final ConcurrentHashMap<Life, VcpusRoute> vcpus = new ConcurrentHashMap<>();

    /** @param self this life of the node */
    DomainPeers(Life self, Peers peers, int domid, long generation) {
        this.self = self;
        this.peers = peers;
        this.domid = domid;
        this.generation = generation;
    }

    /** This life of the node. */
    Life self() {
        return self;
    }

    boolean isSelf(Life life) {
        return life.equals(self);
    }

    ShardRoute shard(Life at, int index) {
        return peers.shard(at, domid, generation, index);
    }

    ShardRoute shardOfServers(Life at, int index) {
        return peers.shardOfServers(at, domid, generation, index);
    }

    ServerRoute server(Life at, int id, long serverGeneration) {
        return peers.server(at, domid, generation, id, serverGeneration);
    }

    VcpusRoute vcpus(Life at) {
        return vcpus.computeIfAbsent(at, life -> peers.vcpus(life, domid, generation));
    }

    TypesRoute types(Life at) {
        return peers.types(at, domid, generation);
    }

    Optional<String> address(Life at) {
        return peers.address(at);
    }
}
