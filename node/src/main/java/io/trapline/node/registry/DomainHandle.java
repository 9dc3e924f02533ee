package io.trapline.node.registry;

import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.ShardRoute;
import io.trapline.node.protocol.TypesRoute;
import io.trapline.node.protocol.VcpusRoute;
import java.util.List;
import java.util.Map;

/**
 * A domain as this node's services see it: a snapshot, replaced when the domain changes. Its actors may have stopped meanwhile; what they are told
 * then is lost, so a call that waits for them goes through {@link #calls}.
 *
 * @param domid 1 … 32751
 * @param generation the revision at which it was created
 * @param nrPages pages 0 … nrPages-1 were RAM_RW at the start
 * @param nrVcpus vCPUs 0 … nrVcpus-1
 * @param vcpus its vCPUs
 * @param shardMap which frame belongs to which shard
 * @param shards its shards, by index
 * @param types its type calls
 * @param here what of it this node may have
 * @param servers its servers by id, those being destroyed included
 * @param crashed it lost memory: every call is EIO (D4), and the actors are gone
 * @param calls the calls of clients that its actors work on
 */
public record DomainHandle(
        int domid,
        long generation,
        long nrPages,
        int nrVcpus,
        VcpusRoute vcpus,
        ShardMap shardMap,
        List<ShardRoute> shards,
        TypesRoute types,
        Here here,
        Map<Integer, ServerHandle> servers,
        boolean crashed,
        DomainCalls calls) {
    /**
     * Its roles at this node, which peers tell something.
     *
     * @param shards by index; whatever is told to one that another node has is lost
     * @param types its type calls
     */
    public record Here(List<ShardRoute> shards, TypesRoute types) {
        public Here {
            shards = List.copyOf(shards);
        }
    }

    public DomainHandle {
        shards = List.copyOf(shards);
        servers = Map.copyOf(servers);
    }

    /** One that is crashed and has had no actors at this node. */
    static DomainHandle withoutActors(DomainView domain) {
        return new DomainHandle(
                domain.domid(),
                domain.generation(),
                domain.nrPages(),
                domain.nrVcpus(),
                nobody -> {},
                new ShardMap(new long[1]),
                List.of(),
                nobody -> {},
                new Here(List.of(), nobody -> {}),
                Map.of(),
                true,
                new DomainCalls(domain.domid()));
    }

    /** What a call to a crashed domain is refused with. */
    public static Refusal crashed(int domid) {
        return Refusal.of(Errno.EIO, "domain " + domid + " has lost memory (CRASHED)")
                .with("domid", domid);
    }
}
