package io.trapline.node.registry;

import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ShardRoute;
import io.trapline.node.protocol.VcpusRoute;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Where a domain's actors find each other. Its servers come and go: with the registry's changes.
 *
 * @param map which frame belongs to which shard
 * @param vcpus its vCPUs, by the life of the node that their guests are connected to
 * @param shards its shards, by index
 * @param shardsNow the ways to those who decide them now, which do not change
 * @param shardsOfServers the same for servers, whose calls come in order with their answers (F2)
 * @param copies one copy of a shard, by the life that has it and the shard's index
 * @param guestsNode where guests of the domain are best off, {@code host:port}: the node that has most of its shards; empty where that is this one, or
 *     cannot be named now
 * @param calls what this node has asked of them
 * @param catchUps which of the shards here have a fresh copy that has all they have
 * @param frozen which of the shards here are frozen, to be handed over
 * @param silent which other copies the shards here hear nothing of
 */
public record DomainRoutes(
        ShardMap map,
        Function<Life, VcpusRoute> vcpus,
        List<ShardRoute> shards,
        Supplier<List<ShardRoute>> shardsNow,
        List<ShardRoute> shardsOfServers,
        BiFunction<Life, Integer, ShardRoute> copies,
        Supplier<Optional<String>> guestsNode,
        DomainCalls calls,
        RunCatchUps catchUps,
        RunCatchUps frozen,
        SilentCopies silent) {
    public DomainRoutes {
        shards = List.copyOf(shards);
        shardsOfServers = List.copyOf(shardsOfServers);
    }
}
