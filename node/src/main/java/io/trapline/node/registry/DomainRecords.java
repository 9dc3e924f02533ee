package io.trapline.node.registry;

import io.trapline.internal.v1.DomainRecord;
import io.trapline.internal.v1.DrainKind;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.ServerRecord;
import io.trapline.internal.v1.ShardRun;
import io.trapline.internal.v1.VcpuRecord;
import io.trapline.model.Limit;
import io.trapline.model.MemType;
import io.trapline.model.Pure;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.protocol.Drain;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.protocol.ShardPlace;
import io.trapline.node.protocol.VcpuMove;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.v1.Claim;
import io.trapline.v1.ClaimState;
import io.trapline.v1.Domain;
import io.trapline.v1.DomainShard;
import io.trapline.v1.DomainState;
import io.trapline.v1.OnDegraded;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a node knows of one domain, and from it the view that its actors are given. Records are taken one after the other, then {@link #take} tells
 * what all of them together mean; what says nothing new means nothing.
 */
@Pure
final class DomainRecords {
    private DomainRecord domain;
    private final TreeMap<Integer, ServerState> servers = new TreeMap<>();
    private final @Nullable Claim[] claims = new Claim[Limit.MAX_CLAIMABLE_TYPES.intValue()];
    private final Map<Integer, VcpuRecord> vcpus = new HashMap<>();

    // Since the last take().
    private boolean touched = true;
    private List<VcpuOpening> opened = new ArrayList<>();
    private List<DomainChange.GuestMove> moved = new ArrayList<>();
    private Map<Integer, List<Drain>> drains = new HashMap<>();

    DomainRecords(DomainRecord domain) {
        this.domain = domain;
    }

    long generation() {
        return domain.getDomain().getGeneration();
    }

    Set<Integer> serverIds() {
        return servers.keySet();
    }

    /** The standing claims, those being released included. */
    List<Claim> standingClaims() {
        List<Claim> standing = new ArrayList<>();
        for (Claim claim : claims) {
            if (claim != null) {
                standing.add(claim);
            }
        }
        return standing;
    }

    void domain(DomainRecord now) {
        touched |= !domain.equals(now);
        domain = now;
    }

    void server(ServerRecord now) {
        int id = now.getServer().getId();
        ServerState known = servers.get(id);
        if (known == null || known.generation() != now.getServer().getGeneration()) {
            servers.put(id, new ServerState(now));
            touched = true;
        } else {
            touched |= known.record(now);
        }
    }

    void removeServer(int id) {
        touched |= servers.remove(id) != null;
    }

    /** @param revision of the change that brought it */
    void claim(Claim now, long revision) {
        int x = now.getTypeValue() - MemType.IOREQ_SERVER_CODE;
        Claim before = claims[x];
        boolean gone = now.getState() == ClaimState.CLAIM_STATE_FREE;
        if (now.equals(before)) {
            return;
        }
        // The end of a claim whose type is another's by now.
        if (gone && before != null && before.getEpoch() != now.getEpoch()) {
            return;
        }
        claims[x] = gone ? null : now;
        if (before != null && isHeld(before)) {
            touched = true;
            holder(before).ifPresent(server -> server.lost(x, revision));
        }
        if (isHeld(now)) {
            touched = true;
            holder(now).ifPresent(server -> server.gained(x, now));
        }
    }

    void vcpu(VcpuRecord now) {
        VcpuRecord known = vcpus.getOrDefault(now.getVcpu(), VcpuRecord.getDefaultInstance());
        boolean opens = now.getEpoch() > known.getEpoch();
        boolean moves = now.getGatewayRevision() > known.getGatewayRevision();
        if (opens || moves) {
            vcpus.put(now.getVcpu(), now);
            touched = true;
        }
        if (opens) {
            opened.add(new VcpuOpening(now.getVcpu(), now.getEpoch()));
        }
        if (moves && now.getGatewayRevision() > now.getEpoch()) {
            VcpuMove move = new VcpuMove(now.getVcpu(), now.getEpoch(), now.getGatewayRevision());
            moved.add(new DomainChange.GuestMove(move, now.getNode()));
        }
    }

    void drain(DrainRecord now) {
        ServerState server = servers.get(now.getId());
        if (now.getKind() == DrainKind.DRAIN_KIND_DESTROY_DOMAIN
                || server == null
                || server.generation() != now.getGeneration()) {
            return;
        }
        boolean release = now.getKind() == DrainKind.DRAIN_KIND_RELEASE;
        int x = release ? now.getTypeValue() - MemType.IOREQ_SERVER_CODE : -1;
        server.drain(x, now.getRevision());
        drains.computeIfAbsent(now.getId(), id -> new ArrayList<>())
                .add(new Drain(now.getRevision(), x, now.getDrainMs()));
        touched = true;
    }

    /** What has come since the last time; empty where it was nothing. */
    Optional<DomainChange> take(long revision) {
        if (!touched) {
            return Optional.empty();
        }
        for (ServerState server : servers.values()) {
            // A change missed while the node was away has caught ioreqs whose drain is over for everybody else.
            server.missedDrain(revision)
                    .ifPresent(drain -> drains.computeIfAbsent(server.id(), id -> new ArrayList<>())
                            .add(drain));
        }
        DomainChange change =
                new DomainChange(view(revision), List.copyOf(opened), List.copyOf(moved), Map.copyOf(drains));
        touched = false;
        opened = new ArrayList<>();
        moved = new ArrayList<>();
        drains = new HashMap<>();
        return Optional.of(change);
    }

    private DomainView view(long revision) {
        Domain known = domain.getDomain();
        List<DomainShard> shards = domain.getShardsList();
        List<ServerView> views =
                servers.values().stream().map(ServerState::view).toList();
        return new DomainView(
                known.getDomid(),
                known.getGeneration(),
                known.getNrPages(),
                known.getNrVcpus(),
                Integer.toUnsignedLong(known.getDefaultTimeoutMs()),
                known.getOnDegraded() == OnDegraded.ON_DEGRADED_WAIT,
                state(),
                places(),
                homes(),
                shards.stream().mapToLong(DomainShard::getFirstGfn).toArray(),
                views,
                table(revision, views));
    }

    private List<ShardPlace> places() {
        List<ShardPlace> places = new ArrayList<>();
        for (ShardRun run : domain.getRunsList()) {
            places.addAll(Collections.nCopies(run.getCount(), place(run)));
        }
        return places;
    }

    private static ShardPlace place(ShardRun run) {
        Life primary = life(run.getPrimary());
        return switch (run.getState()) {
            case SHARD_STATE_DUAL ->
                new ShardPlace(
                        run.getFirstShard(),
                        run.getCount(),
                        ShardPlace.State.DUAL,
                        primary,
                        Optional.of(life(run.getBackup())),
                        run.getEpoch(),
                        run.getHandsOver());
            case SHARD_STATE_SYNCING ->
                new ShardPlace(
                        run.getFirstShard(),
                        run.getCount(),
                        ShardPlace.State.SYNCING,
                        primary,
                        Optional.of(life(run.getSyncing())),
                        run.getEpoch());
            case SHARD_STATE_LOST ->
                new ShardPlace(
                        run.getFirstShard(),
                        run.getCount(),
                        ShardPlace.State.LOST,
                        primary,
                        Optional.empty(),
                        run.getEpoch());
            default ->
                new ShardPlace(
                        run.getFirstShard(),
                        run.getCount(),
                        ShardPlace.State.SOLO,
                        primary,
                        Optional.empty(),
                        run.getEpoch());
        };
    }

    private Map<Integer, Life> homes() {
        Map<Integer, Life> homes = new HashMap<>();
        servers.forEach((id, server) -> homes.put(id, life(server.home())));
        return Map.copyOf(homes);
    }

    static Life life(NodeLife life) {
        return new Life(life.getNode(), life.getIncarnation());
    }

    private DecisionTable table(long revision, Collection<ServerView> views) {
        DecisionTable.Builder table = DecisionTable.builder(revision).state(state());
        for (ServerView server : views) {
            table.changed(server.id(), server.changedRevision());
            table.home(server.id(), server.homeEpoch(), server.generation());
            if (server.enabled()) {
                table.enabledServer(server.id(), server.memory(), server.ports(), server.pci());
            }
        }
        for (Claim claim : standingClaims()) {
            if (isHeld(claim) && holder(claim).isPresent()) {
                table.heldClaim(claim.getTypeValue() - MemType.IOREQ_SERVER_CODE, claim.getId(), claim.getFlags());
            }
        }
        return table.build();
    }

    private DecisionTable.State state() {
        DomainState state = domain.getDomain().getState();
        if (state == DomainState.DOMAIN_STATE_CRASHED) {
            return DecisionTable.State.CRASHED;
        }
        if (state == DomainState.DOMAIN_STATE_DESTROYING) {
            return DecisionTable.State.DESTROYING;
        }
        return domain.getDomain().getPauseCount() != 0 ? DecisionTable.State.PAUSED : DecisionTable.State.RUNNING;
    }

    private Optional<ServerState> holder(Claim claim) {
        ServerState server = servers.get(claim.getId());
        return server == null || server.generation() != claim.getGeneration() ? Optional.empty() : Optional.of(server);
    }

    private static boolean isHeld(Claim claim) {
        return claim.getState() == ClaimState.CLAIM_STATE_HELD;
    }
}
