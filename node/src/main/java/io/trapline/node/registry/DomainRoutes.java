package io.trapline.node.registry;

import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.ShardRoute;
import io.trapline.node.protocol.VcpusRoute;
import java.util.List;

/**
 * Where a domain's actors find each other. Its servers come and go: with the registry's changes.
 *
 * @param map which frame belongs to which shard
 * @param vcpus its vCPUs
 * @param shards its shards, by index
 * @param calls what this node has asked of them
 */
public record DomainRoutes(ShardMap map, VcpusRoute vcpus, List<ShardRoute> shards, DomainCalls calls) {
    public DomainRoutes {
        shards = List.copyOf(shards);
    }
}
