package io.trapline.node.registry;

import io.trapline.internal.v1.DomainRecord;
import io.trapline.internal.v1.DrainKind;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.ServerName;
import io.trapline.internal.v1.ServerRecord;
import io.trapline.internal.v1.VcpuRecord;
import io.trapline.model.MemType;
import io.trapline.v1.Bufioreq;
import io.trapline.v1.Claim;
import io.trapline.v1.ClaimState;
import io.trapline.v1.Domain;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.DomainShard;
import io.trapline.v1.DomainState;
import io.trapline.v1.IoRange;
import io.trapline.v1.IoRangeType;
import io.trapline.v1.IoreqServer;
import io.trapline.v1.IoreqServerState;

/** The registry's records as tests write them. */
final class Records {
    static final String NODE = "n1";
    static final String PRINCIPAL = "mediator";
    static final long SHARD_PAGES = 1L << 18;

    private Records() {}

    static RegistryChange.Builder snapshot(long revision) {
        return RegistryChange.newBuilder().setRevision(revision).setSnapshot(true);
    }

    static RegistryChange.Builder change(long revision) {
        return RegistryChange.newBuilder().setRevision(revision);
    }

    static DomainRecord domain(int domid, long generation, int shards) {
        return domain(domid, generation, shards, DomainState.DOMAIN_STATE_RUNNING, 0);
    }

    static DomainRecord domain(int domid, long generation, int shards, DomainState state, int pauseCount) {
        DomainRecord.Builder record = DomainRecord.newBuilder()
                .setDomain(Domain.newBuilder()
                        .setDomid(domid)
                        .setGeneration(generation)
                        .setNrPages(shards * SHARD_PAGES)
                        .setNrVcpus(4)
                        .setMemory(DomainMemory.DOMAIN_MEMORY_VOLATILE)
                        .setState(state)
                        .setPauseCount(pauseCount)
                        .setDefaultTimeoutMs(30_000));
        for (int i = 0; i < shards; i++) {
            record.addShards(DomainShard.newBuilder()
                    .setFirstGfn(i * SHARD_PAGES)
                    .setLastGfn((i + 1) * SHARD_PAGES - 1)
                    .setPrimary(NODE)
                    .setEpoch(generation));
        }
        return record.build();
    }

    static ServerRecord server(int domid, int id, long generation, boolean enabled, long changed, IoRange... ranges) {
        IoreqServer.Builder server = IoreqServer.newBuilder()
                .setDomid(domid)
                .setId(id)
                .setGeneration(generation)
                .setPrincipal(PRINCIPAL)
                .setBufioreq(Bufioreq.BUFIOREQ_OFF)
                .setTimeoutMs(5000)
                .setState(
                        enabled
                                ? IoreqServerState.IOREQ_SERVER_STATE_ENABLED
                                : IoreqServerState.IOREQ_SERVER_STATE_DISABLED);
        for (IoRange range : ranges) {
            server.addRanges(range);
        }
        return ServerRecord.newBuilder()
                .setServer(server)
                .setChangedRevision(changed)
                .build();
    }

    static IoRange range(IoRangeType type, long start, long end) {
        return IoRange.newBuilder().setType(type).setStart(start).setEnd(end).build();
    }

    static Claim claim(int domid, int id, long generation, int x, int flags, long epoch, ClaimState state) {
        return Claim.newBuilder()
                .setDomid(domid)
                .setId(id)
                .setGeneration(generation)
                .setTypeValue(MemType.ioreqServer(x).code())
                .setFlags(flags)
                .setEpoch(epoch)
                .setState(state)
                .setPrincipal(PRINCIPAL)
                .build();
    }

    static Claim held(int domid, int id, long generation, int x, int flags, long epoch) {
        return claim(domid, id, generation, x, flags, epoch, ClaimState.CLAIM_STATE_HELD);
    }

    static VcpuRecord vcpu(int domid, int vcpu, long epoch) {
        return VcpuRecord.newBuilder()
                .setDomid(domid)
                .setVcpu(vcpu)
                .setEpoch(epoch)
                .setNode(NODE)
                .build();
    }

    static DrainRecord.Builder drain(long revision, DrainKind kind, int domid, long domainGeneration) {
        return DrainRecord.newBuilder()
                .setRevision(revision)
                .setKind(kind)
                .setDomid(domid)
                .setDomainGeneration(domainGeneration)
                .setDrainMs(5000);
    }

    static DrainRecord release(
            long revision, int domid, long domainGeneration, int id, long generation, int x, boolean reset) {
        return drain(revision, DrainKind.DRAIN_KIND_RELEASE, domid, domainGeneration)
                .setId(id)
                .setGeneration(generation)
                .setTypeValue(MemType.ioreqServer(x).code())
                .setReset(reset)
                .build();
    }

    static ServerName name(int domid, int id) {
        return ServerName.newBuilder().setDomid(domid).setId(id).build();
    }
}
