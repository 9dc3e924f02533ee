package io.trapline.sim.world.cluster;

import io.trapline.coordinator.raft.Admission;
import io.trapline.sim.world.cluster.host.Agenda;
import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.sim.world.cluster.node.NodeProcess;
import io.trapline.v1.ShardState;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What goes wrong: processes that stop and go on, crash and start again, lose their disk; links that are cut one way or both; streams that break. */
final class Faults {
    private static final long MILLIS = 1_000_000;

    private final Cluster cluster;
    private final Agenda agenda;
    private final long apart;
    private final Admissions admissions;
    private final boolean losesDisks;
    private final Set<SimHost> wiped = new HashSet<>();
    private boolean isHealed;
    private boolean isOver;

    Faults(Cluster cluster) {
        this.cluster = cluster;
        agenda = cluster.agenda;
        apart = agenda.oneOf(List.of(150 * MILLIS, 400 * MILLIS, 1_500 * MILLIS));
        admissions = new Admissions(cluster);
        losesDisks = agenda.oneIn(2);
    }

    void begin() {
        agenda.after(agenda.between(0, 2 * apart), () -> {
            if (!isHealed) {
                act();
                begin();
            }
        });
    }

    private void act() {
        switch (agenda.upTo(18)) {
            case 0, 1 -> pause(coordinator());
            case 2 -> crash(coordinator());
            case 3 -> wipe(coordinator());
            case 16 -> oneLagsAndAnotherIsWiped();
            case 17, 18 -> aPrimaryIsAlone();
            case 4, 5, 6 -> pause(agenda.oneOf(cluster.nodeHosts));
            case 7, 8 -> crash(agenda.oneOf(cluster.nodeHosts));
            case 9 -> resign(agenda.oneOf(cluster.nodeHosts));
            case 10, 11 -> isolate(agenda.oneIn(2) ? coordinator() : agenda.oneOf(cluster.nodeHosts));
            case 12, 13 -> cut(coordinator(), agenda.oneOf(all()));
            default -> cluster.net.breakOne(agenda.oneOf(all()));
        }
    }

    private List<SimHost> all() {
        List<SimHost> all = new ArrayList<>(cluster.coordinatorHosts);
        all.addAll(cluster.nodeHosts);
        return all;
    }

    /** Often one that takes itself for the leader. */
    private SimHost coordinator() {
        List<SimHost> leaders = cluster.coordinators().values().stream()
                .filter(process -> process.leadsInTerm() > 0)
                .map(process -> cluster.log.host(process.number()))
                .toList();
        return leaders.isEmpty() || agenda.oneIn(3) ? agenda.oneOf(cluster.coordinatorHosts) : agenda.oneOf(leaders);
    }

    /** Short ones, ones about as long as a lease, long ones. */
    private long duration() {
        return switch (agenda.upTo(3)) {
            case 0 -> agenda.between(MILLIS, 200 * MILLIS);
            case 1 -> agenda.between(200 * MILLIS, 1_000 * MILLIS);
            case 2 -> agenda.between(1_000 * MILLIS, 1_600 * MILLIS);
            default -> agenda.between(1_600 * MILLIS, 4_000 * MILLIS);
        };
    }

    private void pause(SimHost host) {
        if (host.runs()) {
            host.pause();
            int life = host.life();
            agenda.after(duration(), () -> {
                if (host.isUp(life)) {
                    host.goOn();
                }
            });
        }
    }

    private void crash(SimHost host) {
        if (host.isUp()) {
            stop(host);
            agenda.after(duration(), () -> start(host));
        }
    }

    private void stop(SimHost host) {
        if (cluster.nodeHosts.contains(host)) {
            cluster.crashNode(host);
        } else {
            cluster.crashCoordinator(host);
        }
    }

    private void start(SimHost host) {
        if (host.isUp() || isOver) {
            return;
        }
        if (cluster.nodeHosts.contains(host)) {
            cluster.startNode(host);
            return;
        }
        Admission.Decision decision = admissions.decide(host, wiped);
        agenda.say(() -> host.name() + " may: " + decision);
        if (cluster.seams.starts(decision instanceof Admission.Start)) {
            cluster.startCoordinator(host);
        } else if (decision instanceof Admission.Ask) {
            agenda.after(300 * MILLIS, () -> start(host));
        }
    }

    /** A disk is lost only while a majority keeps its own: beyond that there is nothing to promise. */
    private void wipe(SimHost host) {
        int size = cluster.coordinatorHosts.size();
        if (losesDisks && host.isUp() && 2 * (size - wiped.size() - 1) > size) {
            stop(host);
            wiped.add(host);
            cluster.log.wipe(cluster.coordinatorHosts.indexOf(host));
            agenda.after(duration() / 8, () -> start(host));
        } else {
            crash(host);
        }
    }

    /** Where what is committed stands on two disks only, one of them is lost. */
    private void oneLagsAndAnotherIsWiped() {
        SimHost lags = agenda.oneOf(cluster.coordinatorHosts);
        SimHost loses = agenda.oneOf(cluster.coordinatorHosts);
        if (lags != loses) {
            isolate(lags);
            agenda.after(agenda.between(0, 600 * MILLIS), () -> {
                if (!isHealed) {
                    wipe(loses);
                }
            });
        }
    }

    /** A primary hears nobody, serves on what is left of its lease, and is back when its backup is primary, or is about to be. */
    private void aPrimaryIsAlone() {
        List<SimHost> primaries = cluster.coordinators().values().stream()
                .filter(process -> process.leadsInTerm() > 0)
                .flatMap(leader -> leader.replica().registry().snapshot().getDomainsList().stream())
                .map(placed -> placed.getRuns(0))
                .filter(run -> run.getState() == ShardState.SHARD_STATE_DUAL)
                .flatMap(run -> cluster.nodeHosts.stream()
                        .filter(host -> host.name().equals(run.getPrimary().getNode())))
                .toList();
        if (!primaries.isEmpty()) {
            SimHost alone = agenda.oneOf(primaries);
            long lasts = agenda.between(1_200 * MILLIS, 3_000 * MILLIS);
            for (SimHost other : all()) {
                if (other != alone) {
                    cut(alone, other, lasts);
                    cut(other, alone, lasts);
                }
            }
        }
    }

    private void resign(SimHost host) {
        NodeProcess process = cluster.nodes().get(host.name());
        if (process != null && host.runs()) {
            process.resign();
            int life = host.life();
            agenda.after(agenda.between(0, 300 * MILLIS), () -> {
                if (host.isUp(life)) {
                    crash(host);
                }
            });
        }
    }

    private void isolate(SimHost host) {
        long lasts = duration();
        boolean bothWays = !agenda.oneIn(3);
        boolean out = agenda.oneIn(2);
        for (SimHost other : all()) {
            if (other != host && !agenda.oneIn(6)) {
                if (bothWays || out) {
                    cut(host, other, lasts);
                }
                if (bothWays || !out) {
                    cut(other, host, lasts);
                }
            }
        }
    }

    private void cut(SimHost one, SimHost other) {
        if (one != other) {
            long lasts = duration();
            cut(one, other, lasts);
            if (agenda.oneIn(2)) {
                cut(other, one, lasts);
            }
        }
    }

    private void cut(SimHost from, SimHost to, long lasts) {
        cluster.net.cut(from, to);
        agenda.after(lasts, () -> cluster.net.mend(from, to));
    }

    /** All goes wrong at once, for good. */
    void end() {
        isHealed = true;
        isOver = true;
        cluster.crashAll();
    }

    /** Nothing goes wrong any more, and what can run does. */
    void heal() {
        isHealed = true;
        cluster.net.heal();
        for (SimHost host : all()) {
            if (host.isUp()) {
                host.goOn();
            } else {
                start(host);
            }
        }
        restartOver();
    }

    /** A life that is over makes room for another: whoever starts nodes does that (a straggler of an earlier life may end one that has just begun). */
    void restartOver() {
        for (SimHost host : cluster.nodeHosts) {
            NodeProcess process = cluster.nodes().get(host.name());
            if (process != null && process.isOver()) {
                stop(host);
                start(host);
            }
        }
    }
}
