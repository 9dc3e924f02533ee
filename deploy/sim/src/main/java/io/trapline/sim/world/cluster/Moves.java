package io.trapline.sim.world.cluster;

import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.PlacedDomain;
import io.trapline.internal.v1.RegisteredNode;
import io.trapline.internal.v1.RunName;
import io.trapline.internal.v1.ShardRun;
import io.trapline.internal.v1.Snapshot;
import io.trapline.internal.v1.StartSync;
import io.trapline.sim.world.cluster.coordinator.CoordinatorProcess;
import io.trapline.sim.world.cluster.host.Agenda;
import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.sim.world.cluster.node.NodeProcess;
import io.trapline.sim.world.cluster.operator.Calls;
import io.trapline.sim.world.cluster.request.Requests;
import io.trapline.v1.ShardState;
import java.util.List;
import java.util.Optional;

/** Has copies of domains made at other nodes, as a leader may at any time, and drains a node now and then: the leader moves away what it has (D-27). */
final class Moves {
    private static final long MILLIS = 1_000_000;
    private static final int DRAINS = 12;

    private final Cluster cluster;
    private final Agenda agenda;
    private final SimHost host;
    private boolean isOver;
    private boolean isEnded;

    Moves(Cluster cluster) {
        this.cluster = cluster;
        agenda = cluster.agenda;
        host = new SimHost(agenda, "moves", false);
        host.start();
    }

    void begin() {
        agenda.after(agenda.between(10 * MILLIS, 150 * MILLIS), () -> {
            if (!isEnded) {
                cluster.coordinators().values().stream()
                        .filter(process -> process.leadsInTerm() > 0)
                        .findFirst()
                        .ifPresent(leader -> {
                            if (isOver || agenda.oneIn(DRAINS)) {
                                drain(leader);
                            } else {
                                move(leader);
                            }
                        });
                begin();
            }
        });
    }

    /** One node at a time, and none when it is over. */
    private void drain(CoordinatorProcess leader) {
        List<RegisteredNode> nodes = leader.replica().registry().snapshot().getNodesList();
        Optional<RegisteredNode> drained =
                nodes.stream().filter(RegisteredNode::getDraining).findFirst();
        if (drained.isPresent()) {
            String name = drained.get().getRegistration().getNode();
            cluster.call(host, leader.name(), Requests.drain(name, false), false, Calls.UNHEARD);
        } else if (!isOver && nodes.size() > 1) {
            String name = agenda.oneOf(nodes).getRegistration().getNode();
            cluster.call(host, leader.name(), Requests.drain(name, true), false, Calls.UNHEARD);
        }
    }

    /** Nothing is moved any more, and no node stays drained. */
    void enough() {
        isOver = true;
    }

    /** Its cluster is no more. */
    void end() {
        isEnded = true;
    }

    private void move(CoordinatorProcess leader) {
        Snapshot now = leader.replica().registry().snapshot();
        List<PlacedDomain> alone = now.getDomainsList().stream()
                .filter(placed -> placed.getRuns(0).getState() == ShardState.SHARD_STATE_SOLO)
                .toList();
        List<NodeLife> lives =
                cluster.nodes().values().stream().map(NodeProcess::life).toList();
        if (alone.isEmpty() || lives.isEmpty() || now.getLeadership() == 0) {
            return;
        }
        PlacedDomain placed = agenda.oneOf(alone);
        ShardRun run = placed.getRuns(0);
        NodeLife at = agenda.oneOf(lives);
        Command command = Command.newBuilder()
                .setStartSync(StartSync.newBuilder()
                        .setRun(RunName.newBuilder()
                                .setDomid(placed.getDomain().getDomid())
                                .setDomainGeneration(placed.getDomain().getGeneration())
                                .setEpoch(run.getEpoch()))
                        .setSyncing(at))
                .setLeadership(now.getLeadership())
                .build();
        cluster.call(host, leader.name(), command, false, Calls.UNHEARD);
    }
}
