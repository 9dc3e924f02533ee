package io.trapline.sim.world.cluster.raft;

import io.trapline.coordinator.raft.ReplicaEvents;
import io.trapline.internal.v1.Snapshot;
import io.trapline.sim.world.cluster.check.LogChecks;
import io.trapline.sim.world.cluster.host.Agenda;
import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.sim.world.cluster.host.SimNet;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The replicas of one log: their hosts, what is on their disks, and those that run. */
public final class SimLog {
    final Agenda agenda;
    final SimNet net;
    final List<SimHost> hosts;
    final LogChecks checks;
    final LogSettings settings;
    private final List<Disk> disks = new ArrayList<>();
    private final List<@Nullable SimReplica> replicas = new ArrayList<>();

    /**
     * One that has not begun.
     *
     * @param hosts of the replicas, one each
     * @param restored what every disk has to begin with, as its first entry; empty = nothing
     */
    public SimLog(Agenda agenda, SimNet net, List<SimHost> hosts, LogChecks checks, Optional<Snapshot> restored) {
        this.agenda = agenda;
        this.net = net;
        this.hosts = List.copyOf(hosts);
        this.checks = checks;
        settings = new LogSettings(agenda);
        for (int i = 0; i < hosts.size(); i++) {
            disks.add(restored.map(Disk::new).orElseGet(Disk::new));
            replicas.add(null);
        }
    }

    public int size() {
        return hosts.size();
    }

    public SimHost host(int replica) {
        return hosts.get(replica);
    }

    /** The replica of the present life of that host, with what is on its disk; {@link SimReplica#begin} follows. */
    public SimReplica create(int replica, ReplicaEvents events) {
        SimReplica created = new SimReplica(this, replica, disks.get(replica), events);
        replicas.set(replica, created);
        return created;
    }

    /** Its process is gone. */
    public void crashed(int replica) {
        disks.get(replica).crash();
        replicas.set(replica, null);
    }

    /** Its disk is lost, while its process is gone. */
    public void wipe(int replica) {
        agenda.say(() -> hosts.get(replica) + " loses its disk");
        disks.set(replica, new Disk());
    }

    /** Whether it has ever stored anything that it still has. */
    public boolean isEmpty(int replica) {
        return disks.get(replica).term() == 0;
    }

    /** A message to whoever is at that host when it arrives. */
    void send(int from, int to, Supplier<String> what, Consumer<SimReplica> arrive) {
        net.send(hosts.get(from), hosts.get(to), what, () -> {
            SimReplica replica = replicas.get(to);
            if (replica != null) {
                arrive.accept(replica);
            }
        });
    }
}
