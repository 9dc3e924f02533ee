package io.trapline.coordinator.registry;

import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.PlacedDomain;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.ShardRun;
import io.trapline.internal.v1.Snapshot;
import io.trapline.model.MemType;
import io.trapline.model.Pure;
import io.trapline.v1.ShardState;
import java.util.List;

/** The whole state as a message: for the disk, and for a node that has just registered. */
@Pure
final class Snapshots {
    private static final int FORMAT = 2;
    private static final int BEFORE_RUNS = 1;

    private Snapshots() {}

    static Snapshot of(State state) {
        Snapshot.Builder snapshot = Snapshot.newBuilder()
                .setFormat(FORMAT)
                .setAppliedIndex(state.appliedIndex)
                .setRevision(state.revision)
                .setLeadership(state.leadership)
                .addAllDomains(state.domains.values())
                .addAllServers(state.servers.values())
                .addAllClaims(state.claims.values())
                .addAllVcpus(state.vcpus.values())
                .addAllDrains(state.drains.values())
                .addAllNodes(state.nodes.values())
                .addAllCommitters(state.committers.toMessages())
                .addAllCoordinators(state.coordinators.values());
        state.history.values().forEach(snapshot::addAllHistory);
        state.sessions.forEach((id, session) -> snapshot.addSessions(session.toMessage(id)));
        return snapshot.build();
    }

    /** Throws {@link IllegalArgumentException} for a format that this version does not know. */
    static State restore(Snapshot snapshot) {
        if (snapshot.getFormat() != FORMAT && snapshot.getFormat() != BEFORE_RUNS) {
            throw new IllegalArgumentException("snapshot format = " + snapshot.getFormat() + ": this version reads "
                    + BEFORE_RUNS + " and " + FORMAT);
        }
        State state = new State();
        state.appliedIndex = snapshot.getAppliedIndex();
        state.revision = snapshot.getRevision();
        state.leadership = snapshot.getLeadership();
        snapshot.getNodesList()
                .forEach(node -> state.nodes.put(node.getRegistration().getNode(), node));
        boolean hasRuns = snapshot.getFormat() == FORMAT;
        snapshot.getDomainsList().forEach(placed -> state.putDomain(hasRuns ? placed : withRun(state, placed)));
        snapshot.getServersList().forEach(state::putServer);
        snapshot.getClaimsList()
                .forEach(claim ->
                        state.putClaim(MemType.ofCode(claim.getTypeValue()).x(), claim));
        snapshot.getHistoryList().forEach(claim -> History.add(state, claim));
        snapshot.getVcpusList().forEach(state::putVcpu);
        snapshot.getDrainsList().forEach(state::putDrain);
        snapshot.getSessionsList()
                .forEach(session -> state.sessions.put(session.getSession(), KeptAnswers.of(session)));
        snapshot.getCommittersList().forEach(state.committers::keep);
        snapshot.getCoordinatorsList().forEach(id -> state.coordinators.put(id.getId(), id));
        state.takeChange();
        return state;
    }

    /** A domain of format 1 was at one life; where that was over, it was lost. */
    private static PlacedDomain withRun(State state, PlacedDomain placed) {
        NodeLife primary = NodeLife.newBuilder()
                .setNode(placed.getPrimary())
                .setIncarnation(placed.getPrimaryIncarnation())
                .build();
        ShardRun run = ShardRuns.first(
                        List.of(new Placement.Part(ShardPlan.count(placed), List.of(primary))), placed.getEpoch())
                .getFirst();
        return placed.toBuilder()
                .clearPrimary()
                .clearPrimaryIncarnation()
                .clearEpoch()
                .addRuns(
                        Nodes.isPresent(state, primary)
                                ? run
                                : run.toBuilder()
                                        .setState(ShardState.SHARD_STATE_LOST)
                                        .build())
                .build();
    }

    static RegistryChange forNode(State state) {
        RegistryChange.Builder everything = RegistryChange.newBuilder()
                .setRevision(state.revision)
                .setSnapshot(true)
                .addAllClaims(state.claims.values())
                .addAllVcpus(state.vcpus.values())
                .addAllDrains(state.drains.values())
                .addAllSessions(state.sessions.keySet());
        state.domains.keySet().forEach(domid -> everything.addDomains(Domains.record(state, domid)));
        state.servers.values().forEach(server -> everything.addServers(server.getRecord()));
        state.nodes.keySet().forEach(name -> everything.addNodes(Nodes.record(state, name)));
        return everything.build();
    }
}
