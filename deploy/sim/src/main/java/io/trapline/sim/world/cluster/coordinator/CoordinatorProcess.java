package io.trapline.sim.world.cluster.coordinator;

import io.trapline.coordinator.lease.Inquiry;
import io.trapline.coordinator.lease.LeaseKeeper;
import io.trapline.coordinator.raft.Applied;
import io.trapline.coordinator.raft.ReplicaEvents;
import io.trapline.coordinator.registry.Answers;
import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.AwaitRequest;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.NodeSessionRequest;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.sim.check.Violation;
import io.trapline.sim.world.cluster.check.Leader;
import io.trapline.sim.world.cluster.check.LeaseChecks;
import io.trapline.sim.world.cluster.host.Agenda;
import io.trapline.sim.world.cluster.host.SimHost;
import io.trapline.sim.world.cluster.host.SimNet;
import io.trapline.sim.world.cluster.host.SimStream;
import io.trapline.sim.world.cluster.node.NodeProcess.NodeSession;
import io.trapline.sim.world.cluster.operator.Calls;
import io.trapline.sim.world.cluster.raft.SimLog;
import io.trapline.sim.world.cluster.raft.SimReplica;
import io.trapline.sim.world.cluster.seam.ClusterSeams;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One life of a coordinator: a replica, the actor that commits, and the one that keeps leases. */
public final class CoordinatorProcess implements Leader {
    private static final List<Integer> RING_CHANGES = List.of(4, 65_536);

    private final Agenda agenda;
    private final SimHost host;
    private final SimNet net;
    private final SimLog log;
    private final Function<String, @Nullable CoordinatorProcess> running;
    private final LeaseChecks checks;
    private final int number;
    private final boolean isAlone;
    private final CommitterActor committer;
    private final KeeperActor keeper;
    private final SimReplica replica;
    private long tokens;
    private int streams;

    /**
     * The present life of the replica's host begins.
     *
     * @param number which of the log's replicas it is
     * @param running the coordinators that run, by the names of their hosts
     */
    public CoordinatorProcess(
            Agenda agenda,
            SimNet net,
            SimLog log,
            int number,
            Function<String, @Nullable CoordinatorProcess> running,
            LeaseChecks checks,
            ClusterSeams seams) {
        this.agenda = agenda;
        this.net = net;
        this.log = log;
        this.running = running;
        this.checks = checks;
        this.number = number;
        host = log.host(number);
        isAlone = log.size() == 1;
        committer = new CommitterActor(agenda, host, isAlone);
        keeper = new KeeperActor(agenda, host, committer, seams, agenda.oneOf(RING_CHANGES));
        replica = log.create(number, new FromReplica());
        committer.log(replica);
        keeper.log(replica);
        replica.begin();
    }

    /** The keeper is told before the committer: who waits for a drain never arrives before the drain. */
    private final class FromReplica implements ReplicaEvents {
        @Override
        public void applied(Applied applied) {
            keeper.applied(applied.results());
            committer.applied(applied, replica().lastAppendedNanos());
        }

        @Override
        public void termApplied(long term) {
            committer.termApplied(term);
        }

        @Override
        public void leading(long term) {
            keeper.leading(true);
            committer.leading(term);
        }

        @Override
        public void notLeading() {
            keeper.leading(false);
            committer.notLeading();
        }

        @Override
        public void leader(ReplicaEvents.Leader leader) {
            committer.leader(leader.address());
            keeper.leader(leader);
        }

        @Override
        public void failed(Throwable why) {
            throw new Violation("a rule failed", "%s cannot apply an entry: %s", host.name(), why);
        }
    }

    // ---- from nodes

    /** A node's session arrives. */
    public void accept(SimStream stream, NodeSessionRequest first, NodeSession session, Consumer<NodeStream> opened) {
        NodeLife life = NodeLife.newBuilder()
                .setNode(first.getRegister().getNode())
                .setIncarnation(first.getRegister().getIncarnation())
                .build();
        NodeStream end = new NodeStream(++streams, life, stream, session, this::granted);
        stream.onLostAtServer(() -> keeper.gone(end));
        opened.accept(end);
        keeper.register(end, first);
    }

    private void granted(NodeLife life, long renewal) {
        checks.granted(
                host.name(),
                life,
                keeper.arrivedNanos(life, renewal),
                isAlone ? agenda.now() : keeper.confirmedNanos());
    }

    /** A node says more in its session. */
    public void said(NodeStream stream, NodeSessionRequest message) {
        keeper.said(stream, message);
    }

    // ---- from operators

    /** A call arrives; what comes of it goes back by the stream. */
    public void execute(Command command, boolean waits, SimStream stream, Calls.Attempt attempt) {
        if (command.hasCreateDomain()) {
            keeper.leased(lives -> {
                Command.Builder placed = command.toBuilder();
                placed.getCreateDomainBuilder().clearUsableNodes().addAllUsableNodes(lives);
                submit(placed.build(), waits, stream, attempt);
            });
        } else {
            submit(command, waits, stream, attempt);
        }
    }

    private void submit(Command command, boolean waits, SimStream stream, Calls.Attempt attempt) {
        committer.submit(command, answer -> {
            Optional<Refusal> refusal = Answers.refusal(answer);
            if (refusal.isPresent() && hadNoEffect(refusal.get())) {
                String leader = refusal.get().metadata().getOrDefault("leader", "");
                end(stream, () -> "refuses, leader " + leader, () -> attempt.refused(leader));
            } else if (answer.getRevision() == 0 && answer.getDrain() == 0) {
                returns(stream, answer, attempt);
            } else {
                long from = agenda.now();
                long drain = waits ? answer.getDrain() : 0;
                keeper.await(new LeaseKeeper.Await(
                        nextToken(),
                        answer.getRevision(),
                        drain,
                        () -> {
                            if ((!waits || answer.getDrain() == 0) && !host.wasStoppedSince(from)) {
                                checks.waited(host.name(), agenda.now() - from);
                            }
                            returns(stream, answer, attempt);
                        },
                        why -> inquire(
                                AwaitRequest.newBuilder()
                                        .setRevision(answer.getRevision())
                                        .setDrain(drain)
                                        .build(),
                                new Inquiry(host.clock().getAsLong()),
                                () -> returns(stream, answer, attempt),
                                () -> end(stream, () -> "leads no longer", attempt::lost))));
            }
        });
    }

    private long nextToken() {
        return host.life() * 1_000_000L + ++tokens;
    }

    /** It knows no better than to ask any of them, itself included. */
    private void inquire(AwaitRequest question, Inquiry inquiry, Runnable inForce, Runnable unknown) {
        inquiry.asked(host.clock().getAsLong());
        SimHost asked = log.host((int) agenda.between(0, log.size() - 1));
        Runnable unanswered = () -> {
            if (inquiry.failed(host.clock().getAsLong())) {
                host.after(Inquiry.PAUSE.toNanos(), () -> inquire(question, inquiry, inForce, unknown));
            } else {
                unknown.run();
            }
        };
        net.open(host, asked, stream -> {
                    CoordinatorProcess process = running.apply(asked.name());
                    if (process != null) {
                        process.inquired(question, stream, inForce, unanswered);
                    }
                })
                .onLostAtClient(unanswered);
    }

    /** Another coordinator asks. */
    private void inquired(AwaitRequest question, SimStream stream, Runnable inForce, Runnable unanswered) {
        keeper.inquired(new LeaseKeeper.Await(
                nextToken(),
                question.getRevision(),
                question.getDrain(),
                () -> end(stream, () -> "in force: " + question.getRevision(), inForce),
                why -> end(stream, () -> "cannot say: " + why.message(), unanswered)));
    }

    private static boolean hadNoEffect(Refusal refusal) {
        return refusal.errno() == Errno.EAGAIN
                && "none".equals(refusal.metadata().get("effect"));
    }

    private void returns(SimStream stream, Answer answer, Calls.Attempt attempt) {
        end(stream, () -> "answers " + answer.toString().replaceAll("\\s+", " "), () -> attempt.returned(answer));
    }

    private static void end(SimStream stream, Supplier<String> what, Runnable arrive) {
        stream.endAtServer(what, arrive);
    }

    // ---- as it truly is

    /** Which of the log's replicas it is. */
    public int number() {
        return number;
    }

    public SimReplica replica() {
        return replica;
    }

    @Override
    public String name() {
        return host.name();
    }

    @Override
    public long leadsInTerm() {
        return replica.leads() ? replica.term() : 0;
    }

    @Override
    public boolean takesForLapsed(NodeLife life) {
        return keeper.takesForLapsed(life);
    }

    @Override
    public String toString() {
        return replica + ", " + committer.waiting() + " wait";
    }
}
