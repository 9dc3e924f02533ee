package io.trapline.sim.world.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.ShardRun;
import io.trapline.sim.world.cluster.coordinator.CoordinatorProcess;
import io.trapline.sim.world.cluster.host.Agenda;
import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.sim.world.cluster.node.NodeProcess;
import io.trapline.sim.world.cluster.operator.Calls;
import io.trapline.sim.world.cluster.request.Requests;
import io.trapline.sim.world.cluster.seam.ClusterSeams;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A cluster in which only that goes wrong which a test makes go wrong; everything is checked after each step. */
final class Scenario {
    static final long MILLIS = 1_000_000;
    private static final long PATIENCE = 15_000 * MILLIS;

    final Cluster cluster;
    private final SimHost operator;

    Scenario(long seed, int replicas, int nodes) {
        cluster = new Cluster(new Agenda(seed, 400), new ClusterSeams(), replicas, nodes, 0, Optional.empty());
        cluster.net.heal();
        operator = new SimHost(cluster.agenda, "operator", false);
        operator.start();
        until("every node serves", () -> cluster.nodes().values().stream().allMatch(NodeProcess::serves));
    }

    /** A call of the operator, and what comes of it. */
    static final class Asked implements Calls.Attempt {
        private @Nullable Answer answer;
        private boolean isOver;

        /** Whether anything came of it. */
        boolean isOver() {
            return isOver;
        }

        /** Whether it has returned. */
        boolean hasReturned() {
            return answer != null;
        }

        /** What it returned. */
        Answer answer() {
            return Objects.requireNonNull(answer);
        }

        @Override
        public void returned(Answer returned) {
            answer = returned;
            isOver = true;
        }

        @Override
        public void refused(String leader) {
            isOver = true;
        }

        @Override
        public void lost() {
            isOver = true;
        }
    }

    /** Goes on until that is so. */
    void until(String what, BooleanSupplier isSo) {
        long from = cluster.agenda.now();
        while (!isSo.getAsBoolean()) {
            cluster.step();
            assertThat(cluster.agenda.now() - from)
                    .as("%s, in time:%n%s%n%s", what, cluster, String.join("\n", cluster.agenda.trace()))
                    .isLessThan(PATIENCE);
        }
    }

    /** Goes on for so long. */
    void passes(long millis) {
        long until = cluster.agenda.now() + millis * MILLIS;
        while (cluster.agenda.now() < until) {
            cluster.step();
        }
    }

    /** Who leads for itself and for a majority. */
    CoordinatorProcess leader() {
        return newest().orElseThrow();
    }

    private Optional<CoordinatorProcess> newest() {
        return cluster.coordinators().values().stream()
                .filter(process -> process.leadsInTerm() > 0)
                .max((one, other) -> Long.compare(one.leadsInTerm(), other.leadsInTerm()));
    }

    SimHost leaderHost() {
        return cluster.log.host(leader().number());
    }

    /** Waits until another one than that leads. */
    void untilAnotherLeadsThan(SimHost before) {
        until(
                "another leads",
                () -> newest().filter(process -> cluster.log.host(process.number()) != before)
                        .isPresent());
    }

    /** One attempt at the leader of now. */
    Asked ask(Command command, boolean waits) {
        return ask(leader().name(), command, waits);
    }

    Asked ask(String coordinator, Command command, boolean waits) {
        Asked asked = new Asked();
        cluster.call(operator, coordinator, command, waits, asked);
        return asked;
    }

    /** Asks whoever leads until the call returns. */
    Answer returned(Command command, boolean waits) {
        long from = cluster.agenda.now();
        while (cluster.agenda.now() - from < PATIENCE) {
            if (newest().isPresent()) {
                Asked asked = ask(command, waits);
                until("a call is over", asked::isOver);
                if (asked.hasReturned()) {
                    cluster.leaseChecks.returned(asked.answer().getRevision());
                    return asked.answer();
                }
            }
            passes(50);
        }
        throw new AssertionError("never returned: " + command + "\n" + cluster);
    }

    /** The answer that the registry gives, though the call may wait for a node that is stopped. */
    Answer returnedWithoutNodes(Command command) {
        long before = cluster.logChecks.revision();
        ask(command, true);
        until("it is in force", () -> cluster.logChecks.revision() > before);
        return Answer.newBuilder().setRevision(before + 1).setDrain(before + 1).build();
    }

    /** Domain 1 with two enabled servers, of which 0 holds {@code ioreq_server[0]}; the epoch of the claim. */
    long claimed() {
        return claimed(false);
    }

    long claimed(boolean replicated) {
        assertThat(returned(Requests.createDomain(1, replicated), false).hasRefusal())
                .isFalse();
        for (int id = 0; id < 2; id++) {
            returned(Requests.createServer(1, 0), false);
            returned(Requests.setState(1, id, true, 0), false);
        }
        return returned(Requests.claim(1, 0, 0), false).getMapMemType().getEpoch();
    }

    /** Who has domain 1, by the log. */
    ShardRun run() {
        return leader().replica().view().everything().getDomains(0).getRuns(0);
    }

    SimHost hostOf(NodeLife life) {
        return cluster.nodeHosts.stream()
                .filter(host -> host.name().equals(life.getNode()))
                .findFirst()
                .orElseThrow();
    }

    /** The node that has an access for a server by that claim. */
    SimHost nodeAtWork(long claim) {
        until("a node is at work for the claim", () -> atWork(claim).isPresent());
        String name = atWork(claim).orElseThrow().life().getNode();
        return cluster.nodeHosts.stream()
                .filter(host -> host.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /** The node that is at work for a claim. */
    Optional<NodeProcess> atWork(long claim) {
        return cluster.nodes().values().stream()
                .filter(node -> node.claimsAtWork().contains(claim))
                .findFirst();
    }

    NodeProcess node(SimHost host) {
        return Objects.requireNonNull(cluster.nodes().get(host.name()));
    }
}
