package io.trapline.coordinator.lease;

import io.grpc.stub.ServerCallStreamObserver;
import io.trapline.coordinator.commit.Committer;
import io.trapline.coordinator.raft.Applied;
import io.trapline.coordinator.registry.Answers;
import io.trapline.coordinator.registry.RegistryView;
import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.FinishDrain;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.NodeSessionResponse;
import io.trapline.internal.v1.RegisterNode;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The nodes that have a session with this leader: sends them the registry and every change in order, hears what they have applied and
 * what has drained, lets calls return (rule 0), and finishes drains (F5). The rules are {@link AppliedTracker}'s.
 *
 * <p>After it has begun to lead, nodes that had registered before are waited for {@link #GRACE}: they may be serving still.
 *
 * <p>It is told of an applied entry before the committer is: who waits for a drain never arrives before the drain.
 */
public final class NodeSessions extends AbstractMatchingBehavior<NodeSessions.Message> {
    private static final Logger LOG = LoggerFactory.getLogger(NodeSessions.class);
    private static final Duration RETRY_AFTER = Duration.ofMillis(200);
    private static final Duration GRACE = Duration.ofSeconds(2);
    private static final int MAX_NODES = 1 + Limit.MAX_NODES.intValue();

    /** What it is told. */
    public sealed interface Message {}

    /** A node's first message. */
    public record Register(ServerCallStreamObserver<NodeSessionResponse> stream, RegisterNode registration)
            implements Message {}

    /** A node's later messages: what it has applied, or (with {@code drained}) which drain it is done with. */
    public record Said(Object stream, boolean drained, long revision) implements Message {}

    /** The transport takes more for that stream. */
    public record Ready(Object stream) implements Message {}

    /** A node's stream has ended. */
    public record Gone(Object stream) implements Message {}

    /** The replica has applied an entry. */
    public record EntryApplied(Applied applied) implements Message {}

    /** Whether this replica leads. */
    public record Leading(boolean leads) implements Message {}

    /** The coordinator ends. */
    public record Stop() implements Message {}

    /** A call waits; see {@link AppliedTracker#await}. {@code done} runs on this actor's thread and must not block. */
    public record Await(long token, long revision, long drain, Runnable done) implements Message {}

    /** A call waits no longer. */
    public record Cancel(long token) implements Message {}

    /** Which nodes have a session, and what each has applied. */
    public record AskConnected(Consumer<List<ConnectedNode>> reply) implements Message {}

    /**
     * A node with a session.
     *
     * @param life its name and incarnation
     * @param appliedRevision what it has applied
     */
    public record ConnectedNode(NodeLife life, long appliedRevision) {}

    private record Registered(NodeLink link, Answer answer) implements Message {}

    private record Finished(long drain, Answer answer) implements Message {}

    private record RetryFinish(long drain) implements Message {}

    private record GraceOver() implements Message {}

    private final TimerScheduler<Message> timers;
    private final ActorRef<Committer.Message> committer;
    private final Views views;
    // Registered before this replica led, and not here yet: they may be serving, and are waited for a little.
    private final Set<String> expected = new HashSet<>();
    private final Map<Object, NodeLink> links = new HashMap<>();
    private final Map<String, NodeLink> byNode = new HashMap<>();
    private final Map<Long, Runnable> calls = new HashMap<>();
    private final AppliedTracker tracker = new AppliedTracker(new AppliedTracker.Effects() {
        @Override
        public void complete(long token) {
            Runnable done = calls.remove(token);
            if (done != null) {
                done.run();
            }
        }

        @Override
        public void finish(long drain) {
            proposeFinish(drain);
        }
    });
    private boolean leading;

    private NodeSessions(
            ActorContext<Message> context,
            TimerScheduler<Message> timers,
            ActorRef<Committer.Message> committer,
            Views views) {
        super(context);
        this.timers = timers;
        this.committer = committer;
        this.views = views;
    }

    /** How the state of this replica is read. */
    public interface Views {
        <T> T read(Function<RegistryView, T> reader);
    }

    public static Behavior<Message> create(ActorRef<Committer.Message> committer, Views views) {
        return Behaviors.setup(
                context -> Behaviors.withTimers(timers -> new NodeSessions(context, timers, committer, views)));
    }

    @Override
    public Behavior<Message> onMessage(Message message) {
        switch (message) {
            case Register register -> register(register);
            case Registered registered -> registered(registered.link(), registered.answer());
            case Said said -> said(said);
            case Ready ready -> onLink(ready.stream(), NodeLink::flush);
            case Gone gone -> gone(gone.stream());
            case EntryApplied applied ->
                applied.applied().results().forEach(result -> result.change().ifPresent(this::changed));
            case Leading now -> leading(now.leads());
            case Await await -> await(await);
            case Cancel cancel -> cancel(cancel.token());
            case AskConnected ask -> ask.reply().accept(connected());
            case Finished finished -> finished(finished.drain(), finished.answer());
            case RetryFinish retry -> tracker.finishFailed(retry.drain());
            case GraceOver over -> graceOver();
            case Stop stop -> {
                return Behaviors.stopped();
            }
        }
        return this;
    }

    private void register(Register register) {
        NodeLink link = new NodeLink(register.stream(), register.registration());
        NodeLink before = byNode.get(link.node());
        if (!leading) {
            link.end(notLeading());
            return;
        }
        if (before != null
                && before.registration().getIncarnation() != link.registration().getIncarnation()) {
            link.end(Refusal.of(Errno.EAGAIN, "node " + link.node() + " is connected under another incarnation"));
            return;
        }
        if (before != null) {
            drop(before);
            before.end(Refusal.of(Errno.ESTALE, "node " + link.node() + " has connected anew"));
        }
        links.put(register.stream(), link);
        byNode.put(link.node(), link);
        Command command =
                Command.newBuilder().setRegisterNode(link.registration()).build();
        committer.tell(
                new Committer.Submit(command, answer -> getContext().getSelf().tell(new Registered(link, answer))));
    }

    private void registered(NodeLink link, Answer answer) {
        if (byNode.get(link.node()) != link) {
            return;
        }
        Optional<Refusal> refusal = Answers.refusal(answer);
        if (refusal.isPresent()) {
            drop(link);
            link.end(refusal.get());
            return;
        }
        LOG.info(
                "node {} at {} has registered", link.node(), link.registration().getAddress());
        expected.remove(link.node());
        tracker.connected(link.node());
        link.admit(views.read(RegistryView::everything));
        link.requestNext();
    }

    private void said(Said said) {
        onLink(said.stream(), link -> {
            if (said.drained()) {
                tracker.drained(link.node(), said.revision());
            } else {
                tracker.applied(link.node(), said.revision());
            }
            link.requestNext();
        });
    }

    private void gone(Object stream) {
        onLink(stream, link -> {
            drop(link);
            link.gone();
        });
    }

    private void drop(NodeLink link) {
        links.values().remove(link);
        if (byNode.remove(link.node(), link) && link.isAdmitted()) {
            LOG.info("node {} has no session any more", link.node());
            tracker.disconnected(link.node());
        }
    }

    private void onLink(Object stream, Consumer<NodeLink> action) {
        NodeLink link = links.get(stream);
        if (link != null) {
            action.accept(link);
        }
    }

    private void changed(RegistryChange change) {
        tracker.reached(change.getRevision());
        for (NodeLink link : List.copyOf(byNode.values())) {
            if (link.isAdmitted() && !link.send(change)) {
                links.values().remove(link);
                byNode.remove(link.node(), link);
                tracker.disconnected(link.node());
            }
        }
        if (leading) {
            change.getDrainsList().forEach(drain -> tracker.drainBegan(drain.getRevision()));
        }
        change.getEndedDrainsList().forEach(tracker::drainEnded);
    }

    private void leading(boolean leads) {
        leading = leads;
        if (leads) {
            expected.addAll(views.read(view -> view.nodes("", MAX_NODES).stream()
                    .map(RegisterNode::getNode)
                    .toList()));
            expected.removeAll(byNode.keySet());
            expected.forEach(tracker::connected);
            timers.startSingleTimer(new GraceOver(), GRACE);
            views.read(RegistryView::drains).forEach(drain -> tracker.drainBegan(drain.getRevision()));
        } else {
            graceOver();
            for (NodeLink link : List.copyOf(byNode.values())) {
                drop(link);
                link.end(notLeading());
            }
        }
    }

    /** Who has not come by now is waited for no longer. */
    private void graceOver() {
        List<String> missing = List.copyOf(expected);
        expected.clear();
        missing.forEach(tracker::disconnected);
    }

    private void await(Await await) {
        calls.put(await.token(), await.done());
        tracker.await(await.token(), await.revision(), await.drain());
    }

    private void cancel(long token) {
        calls.remove(token);
        tracker.cancel(token);
    }

    private List<ConnectedNode> connected() {
        return byNode.values().stream()
                .filter(NodeLink::isAdmitted)
                .map(link -> new ConnectedNode(
                        NodeLife.newBuilder()
                                .setNode(link.node())
                                .setIncarnation(link.registration().getIncarnation())
                                .build(),
                        tracker.appliedBy(link.node())))
                .toList();
    }

    private void proposeFinish(long drain) {
        Command command = Command.newBuilder()
                .setFinishDrain(FinishDrain.newBuilder().setRevision(drain))
                .build();
        committer.tell(
                new Committer.Submit(command, answer -> getContext().getSelf().tell(new Finished(drain, answer))));
    }

    /** Refused only where the command never went into the log. */
    private void finished(long drain, Answer answer) {
        if (answer.hasRefusal()) {
            timers.startSingleTimer(drain, new RetryFinish(drain), RETRY_AFTER);
        }
    }

    private static Refusal notLeading() {
        return Refusal.of(Errno.EAGAIN, "this coordinator does not lead");
    }
}
