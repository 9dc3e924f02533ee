package io.trapline.node;

import io.trapline.node.guest.DomainVcpus;
import io.trapline.node.ioreq.IoreqServer;
import io.trapline.node.p2m.MemoryBudget;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.protocol.VcpusMessage;
import io.trapline.node.registry.DomainActors;
import io.trapline.node.registry.DomainView;
import io.trapline.node.registry.RegistryClient;
import io.trapline.node.shard.P2mShard;
import io.trapline.node.types.TypeCalls;
import java.util.List;
import java.util.function.LongConsumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;

/**
 * The actors of a node's domains as they really are.
 *
 * @param node the node's name
 * @param registry where they propose commands
 * @param memory what the shards' pages come from
 */
record LocalActors(String node, RegistryClient registry, MemoryBudget memory) implements DomainActors {
    @Override
    public Behavior<VcpusMessage> vcpus(DomainView domain, ShardMap map) {
        return DomainVcpus.create(
                domain.domid(),
                domain.generation(),
                domain.nrVcpus(),
                domain.defaultTimeoutMillis(),
                map,
                registry,
                node);
    }

    @Override
    public Behavior<ShardMessage> shard(DomainView domain, ShardMap map, int index, ActorRef<VcpusMessage> vcpus) {
        return P2mShard.create(
                domain.domid(),
                index,
                map.firstGfn(index),
                map.lastGfn(index),
                domain.nrPages(),
                domain.shardEpochs()[index],
                memory,
                vcpus);
    }

    @Override
    public Behavior<TypesMessage> types(DomainView domain, ShardMap map, List<ActorRef<ShardMessage>> shards) {
        return TypeCalls.create(domain.domid(), map, shards);
    }

    @Override
    public Behavior<ServerMessage> server(
            DomainView domain, ServerView server, List<ActorRef<ShardMessage>> shards, LongConsumer drained) {
        return IoreqServer.create(
                domain.domid(), domain.generation(), server.id(), server.generation(), shards, drained);
    }
}
