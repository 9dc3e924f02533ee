package io.trapline.node;

import io.trapline.node.guest.DomainVcpus;
import io.trapline.node.ioreq.IoreqServer;
import io.trapline.node.lease.ServingGate;
import io.trapline.node.p2m.MemoryBudget;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.protocol.SessionsHere;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.protocol.VcpusMessage;
import io.trapline.node.registry.DomainActors;
import io.trapline.node.registry.DomainRoutes;
import io.trapline.node.registry.DomainView;
import io.trapline.node.registry.RegistryClient;
import io.trapline.node.registry.RunProposal;
import io.trapline.node.registry.RunProposal.What;
import io.trapline.node.shard.P2mShard;
import io.trapline.node.types.TypeCalls;
import java.util.function.LongConsumer;
import org.apache.pekko.actor.typed.Behavior;

/**
 * The actors of a node's domains as they really are.
 *
 * @param self this life of the node
 * @param registry where they propose commands
 * @param memory what the shards' pages come from
 * @param gate whether they may act
 * @param sessions the client sessions that the node knows of
 * @param counts what they count
 */
record LocalActors(
        Life self,
        RegistryClient registry,
        MemoryBudget memory,
        ServingGate gate,
        SessionsHere sessions,
        NodeCounts counts)
        implements DomainActors {
    @Override
    public Behavior<VcpusMessage> vcpus(DomainView domain, DomainRoutes routes) {
        return DomainVcpus.create(
                domain.domid(),
                domain.generation(),
                domain.nrVcpus(),
                domain.defaultTimeoutMillis(),
                routes.map(),
                routes.shardsNow().get(),
                routes.guestsNode(),
                registry,
                self,
                gate);
    }

    @Override
    public Behavior<ShardMessage> shard(DomainView domain, int index, DomainRoutes routes) {
        RunProposal dropBackup = propose(domain, What.DROP_BACKUP);
        RunProposal abandonSync = propose(domain, What.ABANDON_SYNC);
        RunProposal addBackup = propose(domain, What.ADD_BACKUP);
        RunProposal handOver = propose(domain, What.HAND_OVER);
        return P2mShard.create(
                index,
                routes.map(),
                domain.nrPages(),
                memory,
                new P2mShard.Surroundings(
                        self,
                        routes.shards(),
                        life -> routes.copies().apply(life, index),
                        routes.vcpus(),
                        routes.calls(),
                        domain.waitsForCopy(),
                        domain.generation(),
                        (place, silentNanos) -> {
                            routes.silent().silent(index, place, silentNanos);
                            dropBackup.accept(place);
                        },
                        propose(domain, What.BEGIN_HAND_OVER),
                        place -> {
                            if (routes.frozen().caughtUp(index, place)) {
                                handOver.accept(place);
                            }
                        },
                        place -> {
                            if (routes.catchUps().caughtUp(index, place)) {
                                addBackup.accept(place);
                            }
                        },
                        (place, silentNanos) -> {
                            routes.silent().silent(index, place, silentNanos);
                            abandonSync.accept(place);
                        },
                        gate,
                        sessions),
                counts.ofShard());
    }

    private RunProposal propose(DomainView domain, What what) {
        return new RunProposal(registry, self, domain.domid(), domain.generation(), what);
    }

    @Override
    public Behavior<TypesMessage> types(DomainView domain, DomainRoutes routes) {
        return TypeCalls.create(
                domain.domid(),
                routes.map(),
                routes.shards(),
                routes.calls(),
                self,
                domain.places().getFirst().epoch());
    }

    @Override
    public Behavior<ServerMessage> server(
            DomainView domain, ServerView server, DomainRoutes routes, LongConsumer drained) {
        return IoreqServer.create(
                domain.domid(),
                domain.generation(),
                server.id(),
                server.generation(),
                routes.shardsOfServers(),
                routes.calls(),
                drained,
                counts::refusedAnswers,
                gate);
    }
}
