package io.trapline.coordinator.registry;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.CreateDomain;
import io.trapline.internal.v1.DomainRecord;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.PlacedDomain;
import io.trapline.internal.v1.RegisteredServer;
import io.trapline.model.Domid;
import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.Pure;
import io.trapline.model.Refusal;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.CreateDomainResponse;
import io.trapline.v1.DestroyDomainRequest;
import io.trapline.v1.DestroyDomainResponse;
import io.trapline.v1.Domain;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.DomainRedundancy;
import io.trapline.v1.DomainState;
import io.trapline.v1.OnDegraded;
import io.trapline.v1.PauseDomainRequest;
import io.trapline.v1.PauseDomainResponse;
import io.trapline.v1.UnpauseDomainRequest;
import io.trapline.v1.UnpauseDomainResponse;
import java.util.List;
import java.util.Optional;

/** The life of a domain (D1, D4): RUNNING ↔ PAUSED → CRASHED, and from each → DESTROYING → gone when its drain has ended. */
@Pure
final class Domains {
    private static final int DEFAULT_TIMEOUT_MILLIS = 30_000;

    private final State state;
    private final Existence existence;
    private final Nodes nodes;
    private final Servers servers;
    private final Drains drains;

    Domains(State state, Existence existence, Nodes nodes, Servers servers, Drains drains) {
        this.state = state;
        this.existence = existence;
        this.nodes = nodes;
        this.servers = servers;
        this.drains = drains;
    }

    /** As nodes and clients see it. */
    static DomainRecord record(State state, int domid) {
        PlacedDomain placed = state.domain(domid);
        return DomainRecord.newBuilder()
                .setDomain(visible(state, placed))
                .addAllShards(ShardPlan.shards(placed))
                .addAllRuns(placed.getRunsList())
                .build();
    }

    static Domain visible(State state, PlacedDomain placed) {
        Domain domain = placed.getDomain();
        return domain.toBuilder()
                .setNrIoreqServers(state.serversOf(domain.getDomid()).size())
                .setRedundancy(redundancy(placed))
                .build();
    }

    static DomainRedundancy redundancy(PlacedDomain placed) {
        if (placed.getDomain().getMemory() != DomainMemory.DOMAIN_MEMORY_REPLICATED) {
            return DomainRedundancy.DOMAIN_REDUNDANCY_NONE;
        }
        return ShardRuns.areDual(placed)
                ? DomainRedundancy.DOMAIN_REDUNDANCY_REDUNDANT
                : DomainRedundancy.DOMAIN_REDUNDANCY_DEGRADED;
    }

    Answer create(CreateDomain command) {
        CreateDomainRequest q = command.getRequest();
        int domid = q.getDomid() != 0 ? q.getDomid() : state.lowestFreeDomid();
        if (!Domid.isValid(domid)) {
            return Answers.refused(
                    Refusal.overLimit(Errno.ENOSPC, "domains", state.domains.size() + 1L, Limit.MAX_DOMID));
        }
        if (state.domains.containsKey(domid)) {
            return Answers.refused(Refusal.of(Errno.EEXIST, "domid = " + domid + ": the id is taken")
                    .with("domid", domid)
                    .with("generation", state.domain(domid).getDomain().getGeneration()));
        }
        var usable = nodes.usable(command.getUsableNodesList());
        int needed = q.getMemory() == DomainMemory.DOMAIN_MEMORY_REPLICATED ? 2 : 1;
        if (usable.size() < needed) {
            return Answers.refused(tooFew(usable.size(), needed, q.getMemory()));
        }
        return place(q, domid, needed, usable);
    }

    /** ENOSPC; EAGAIN where there are nodes, of which this leader has granted a lease to none yet or any more. */
    private Refusal tooFew(int usable, int needed, DomainMemory memory) {
        boolean isPutOff = usable == 0 && nodes.isAnyRegistered();
        Refusal refusal = isPutOff
                ? Refusal.of(Errno.EAGAIN, "nodes = 0: none has a lease now that is not drained")
                        .with(Answers.EFFECT, Answers.NONE)
                : Refusal.of(Errno.ENOSPC, "nodes = " + usable + ": " + memory + " needs " + needed + " usable ones");
        return refusal.with("field", "memory").with("nodes", usable).with("needed", needed);
    }

    /** @param usable at least as many as copies */
    private Answer place(CreateDomainRequest q, int domid, int copies, List<NodeLife> usable) {
        long revision = state.begin();
        Domain domain = Domain.newBuilder()
                .setDomid(domid)
                .setGeneration(revision)
                .setNrPages(q.getNrPages())
                .setNrVcpus(q.getNrVcpus())
                .setMemory(q.getMemory())
                .setOnDegraded(
                        q.getOnDegraded() == OnDegraded.ON_DEGRADED_UNSPECIFIED
                                ? OnDegraded.ON_DEGRADED_CONTINUE
                                : q.getOnDegraded())
                .setState(DomainState.DOMAIN_STATE_RUNNING)
                .setDefaultTimeoutMs(q.getDefaultTimeoutMs() == 0 ? DEFAULT_TIMEOUT_MILLIS : q.getDefaultTimeoutMs())
                .build();
        PlacedDomain.Builder placed =
                PlacedDomain.newBuilder().setDomain(domain).setShardPages(ShardPlan.shardPages(q.getNrPages()));
        List<Placement.Room> rooms = usable.stream()
                .map(life -> new Placement.Room(life, Nodes.bytesLeft(state, life.getNode())))
                .toList();
        List<Placement.Part> parts = Placement.of(
                ShardPlan.count(placed.build()),
                q.getNrPages() * ShardPlan.PAGE_BYTES,
                placed.getShardPages() * ShardPlan.PAGE_BYTES,
                copies,
                rooms);
        placed.addAllRuns(ShardRuns.first(parts, revision));
        state.putDomain(placed.build());
        return Answers.done(revision)
                .setCreateDomain(CreateDomainResponse.newBuilder().setDomain(visible(state, placed.build())))
                .build();
    }

    Answer destroy(DestroyDomainRequest q) {
        return existence
                .domain(q.getDomid(), q.getGeneration())
                .map(Answers::refused)
                .orElseGet(() -> destroyed(drains.ofDomain(q.getDomid())
                        .map(DrainRecord::getRevision)
                        .orElseGet(() -> startDestroy(q.getDomid()))));
    }

    private long startDestroy(int domid) {
        long revision = state.begin();
        for (RegisteredServer server : List.copyOf(state.serversOf(domid).values())) {
            servers.withdraw(server, revision);
        }
        PlacedDomain placed = state.domain(domid);
        state.putDomain(placed.toBuilder()
                .setDomain(placed.getDomain().toBuilder().setState(DomainState.DOMAIN_STATE_DESTROYING))
                .build());
        drains.beginDestroyDomain(revision, domid);
        return revision;
    }

    /** Destroying what is being destroyed waits for the same end. */
    private static Answer destroyed(long revision) {
        return Answers.done(revision)
                .setDrain(revision)
                .setDestroyDomain(DestroyDomainResponse.newBuilder().setRevision(revision))
                .build();
    }

    Answer pause(PauseDomainRequest q) {
        return existence
                .workingDomain(q.getDomid(), q.getGeneration())
                .or(() -> pauseCount(q.getDomid()) < Limit.MAX_PAUSE_COUNT.value()
                        ? Optional.empty()
                        : Optional.of(Refusal.overLimit(
                                Errno.ENOSPC, "pause_count", pauseCount(q.getDomid()) + 1L, Limit.MAX_PAUSE_COUNT)))
                .map(Answers::refused)
                .orElseGet(() -> {
                    int count = pauseCount(q.getDomid()) + 1;
                    long revision = setPauseCount(q.getDomid(), count);
                    return Answers.done(revision)
                            .setPauseDomain(PauseDomainResponse.newBuilder()
                                    .setPauseCount(count)
                                    .setRevision(revision))
                            .build();
                });
    }

    Answer unpause(UnpauseDomainRequest q) {
        return existence
                .workingDomain(q.getDomid(), q.getGeneration())
                .or(() -> pauseCount(q.getDomid()) > 0
                        ? Optional.empty()
                        : Optional.of(Refusal.of(Errno.EINVAL, "pause_count = 0: the domain is not paused")
                                .with("domid", q.getDomid())
                                .with("field", "pause_count")
                                .with("value", 0)))
                .map(Answers::refused)
                .orElseGet(() -> {
                    int count = pauseCount(q.getDomid()) - 1;
                    long revision = setPauseCount(q.getDomid(), count);
                    return Answers.done(revision)
                            .setUnpauseDomain(UnpauseDomainResponse.newBuilder()
                                    .setPauseCount(count)
                                    .setRevision(revision))
                            .build();
                });
    }

    private int pauseCount(int domid) {
        return state.domain(domid).getDomain().getPauseCount();
    }

    private long setPauseCount(int domid, int count) {
        long revision = state.begin();
        PlacedDomain placed = state.domain(domid);
        state.putDomain(placed.toBuilder()
                .setDomain(placed.getDomain().toBuilder()
                        .setPauseCount(count)
                        .setState(count > 0 ? DomainState.DOMAIN_STATE_PAUSED : DomainState.DOMAIN_STATE_RUNNING))
                .build());
        return revision;
    }
}
