package io.trapline.sim.world.hosts;

import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.LeaveNode;
import io.trapline.node.registry.Departure;
import io.trapline.sim.check.Violation;
import io.trapline.sim.world.cluster.host.Agenda;
import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.sim.world.cluster.node.NodeProcess;
import io.trapline.sim.world.cluster.raft.SimReplica;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Processes that are told to end (SIGTERM), one node at a time: it says so to the registry, and stays by the real {@link Departure} until others have what it has
 * (D-27); then it resigns, ends, and is started again as another life. A coordinator that leads lets another one lead first.
 */
final class Endings {
    private static final long MILLIS = 1_000_000;
    private static final List<Duration> AT_MOST =
            List.of(Duration.ofMillis(300), Duration.ofSeconds(3), Duration.ofSeconds(30));
    /** With nothing going wrong for so long, whatever has room elsewhere is there. */
    private static final long MOVES_WITHIN = 15_000 * MILLIS;

    /** What the world does with processes. */
    interface Processes {
        /** Whether whatever has a copy there has another one, at a host that is there, too. */
        boolean mayEnd(SimHost host);

        /** The process of that life ends now, and another one begins after a while. */
        void end(SimHost host, int life);
    }

    private final Hosts hosts;
    private final Agenda agenda;
    private final Processes processes;
    private @Nullable Leaving leaving;
    private long healedNanos = Long.MAX_VALUE;
    private long nodes;
    private long coordinators;
    private long handedOver;

    Endings(Hosts hosts, Agenda agenda, Processes processes) {
        this.hosts = hosts;
        this.agenda = agenda;
        this.processes = processes;
    }

    /** A node is told to end. */
    void node(SimHost host) {
        node(host, agenda.oneOf(AT_MOST));
    }

    /** The same; {@code atMost}: {@code --drain-timeout}. */
    void node(SimHost host, Duration atMost) {
        if (isLeaving() || !host.runs() || hosts.isOver(host)) {
            return;
        }
        nodes++;
        agenda.say(() -> host.name() + " is told to end, and stays for " + atMost.toMillis() + " ms at most");
        leaving = new Leaving(host, atMost);
        leaving.look();
    }

    /** A coordinator is told to end. */
    void coordinator(SimHost host) {
        if (host.runs()) {
            coordinators++;
            int life = host.life();
            agenda.say(() -> host.name() + " is told to end");
            SimReplica replica = hosts.coordinator(host).replica();
            replica.handOver(() -> processes.end(host, life));
        }
    }

    /** Whether a node was told to end and has not yet. */
    boolean isLeaving() {
        return leaving != null && leaving.isThere();
    }

    /** Whether that one was, and has not yet. */
    boolean isLeaving(SimHost host) {
        return leaving != null && leaving.host == host && leaving.isThere();
    }

    /** Nothing goes wrong from now on. */
    void heal() {
        healedNanos = agenda.now();
    }

    /** How many nodes were told to end. */
    long nodes() {
        return nodes;
    }

    /** How many coordinators were told to end. */
    long coordinators() {
        return coordinators;
    }

    /** How many shards and servers had gone to other nodes when theirs ended. */
    long handedOver() {
        return handedOver;
    }

    /** One life, from when it is told to end. */
    private final class Leaving {
        private final SimHost host;
        private final int life;
        private final NodeProcess process;
        private final HostNode node;
        private final Departure departure;
        private final int partsAtFirst;
        private int asked;

        Leaving(SimHost host, Duration atMost) {
            this.host = host;
            life = host.life();
            process = Objects.requireNonNull(hosts.processes().get(host.name()));
            node = hosts.node(host.name()).orElseThrow();
            departure = new Departure(node.now(), atMost);
            partsAtFirst = node.parts();
        }

        /** It has neither ended nor died otherwise. */
        boolean isThere() {
            return host.isUp(life) && !process.isOver();
        }

        private void look() {
            if (!isThere()) {
                return;
            }
            if (!departure.mayGain(node.isOtherOpen(), node.parts())) {
                end();
            } else if (departure.isHeard()) {
                stay();
            } else {
                tell();
            }
        }

        private void tell() {
            int attempt = ++asked;
            Command leaves = Command.newBuilder()
                    .setLeaveNode(LeaveNode.newBuilder().setLife(process.life()))
                    .build();
            hosts.execute(
                    host,
                    leaves,
                    answer ->
                            told(attempt, answer.filter(of -> !of.hasRefusal()).isPresent()));
            host.after(Departure.HEARD_WITHIN.toNanos(), () -> told(attempt, false));
        }

        private void told(int attempt, boolean isHeard) {
            if (attempt == asked && isThere()) {
                asked++;
                if (isHeard) {
                    departure.heard();
                }
                stay();
            }
        }

        private void stay() {
            if (departure.isOver(node.now(), node.serves())) {
                mustNotBeStuck();
                end();
            } else {
                host.after(Departure.LOOK_EVERY.toNanos(), this::look);
            }
        }

        private void mustNotBeStuck() {
            boolean hadTime = healedNanos < Long.MAX_VALUE && agenda.now() - healedNanos > MOVES_WITHIN;
            if (hadTime && departure.isHeard() && node.isOtherOpen()) {
                throw new Violation(
                        "D-27", "%s is told to end, all is well, and %d parts of it stay", host, node.parts());
            }
        }

        /** The domain would be lost with an only copy, as it may (D4), and the run with it: it ends later then. */
        private void end() {
            if (!isThere()) {
                return;
            }
            if (!processes.mayEnd(host)) {
                host.after(Departure.LOOK_EVERY.toNanos(), this::end);
                return;
            }
            handedOver += Math.max(0, partsAtFirst - node.parts());
            agenda.say(() -> host.name() + " resigns, and " + node.parts() + " parts end with it");
            process.resign();
            processes.end(host, life);
        }
    }

    /** For a reader. */
    @Override
    public String toString() {
        return Optional.ofNullable(leaving)
                .filter(Leaving::isThere)
                .map(of -> of.host + " leaves")
                .orElse("nobody leaves");
    }
}
