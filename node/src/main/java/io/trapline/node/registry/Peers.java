package io.trapline.node.registry;

import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ServerRoute;
import io.trapline.node.protocol.ShardRoute;
import io.trapline.node.protocol.TypesRoute;
import io.trapline.node.protocol.VcpusRoute;
import java.util.List;
import java.util.Optional;

/** The ways to the roles of domains that other nodes have (D-17). What is told to a life that is over is lost. Any thread. */
public interface Peers {
    /** One shard of a domain. */
    ShardRoute shard(Life at, int domid, long domainGeneration, int shard);

    /** The same for servers, whose calls, which they have let pass, are told in order with their answers (F2). */
    ShardRoute shardOfServers(Life at, int domid, long domainGeneration, int shard);

    /** One server of a domain. */
    ServerRoute server(Life at, int domid, long domainGeneration, int id, long generation);

    /** Guests of a domain. */
    VcpusRoute vcpus(Life at, int domid, long domainGeneration);

    /** Where that life is reached, by guests too: {@code host:port}; empty where it is over, or is drained: they are better off elsewhere soon. */
    Optional<String> address(Life at);

    /** A domain's type calls. */
    TypesRoute types(Life at, int domid, long domainGeneration);

    /**
     * The nodes as they are now; lives that are not among them are over.
     *
     * @param revision the registry's, by which it is so
     */
    void know(long revision, List<PeerNode> nodes);
}
