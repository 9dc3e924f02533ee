package io.trapline.coordinator.lease;

import io.grpc.stub.ServerCallStreamObserver;
import io.trapline.coordinator.commit.Committer;
import io.trapline.coordinator.commit.NotLeading;
import io.trapline.coordinator.raft.Applied;
import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.NodeSessionResponse;
import io.trapline.internal.v1.RegisterNode;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.Renewal;
import io.trapline.internal.v1.SessionActivity;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the leases of nodes while this replica leads, and lets calls return (rule 0). What one leadership has is in {@link Leadership};
 * what outlives them, the last changes of the registry, is here.
 *
 * <p>It is told of an applied entry before the committer is: who waits for a drain never arrives before the drain.
 */
public final class LeaseKeeper extends AbstractMatchingBehavior<LeaseKeeper.Message> {
    private static final Duration TICK = Duration.ofMillis(50);

    /** What it is told. */
    public sealed interface Message {}

    /**
     * A node's first message.
     *
     * @param clusterId the cluster that the life has been in; empty = none yet
     * @param knownRevision up to where it knows the registry; 0 = it knows nothing
     * @param silentLeader the address of the leader that it hears nothing of any more; empty = it knew none
     */
    public record Register(
            ServerCallStreamObserver<NodeSessionResponse> stream,
            RegisterNode registration,
            String clusterId,
            long knownRevision,
            String silentLeader)
            implements Message {}

    /** The node of the stream asks for more of its lease. */
    public record Renewed(Object stream, Renewal renewal) implements Message {}

    /** The node of the stream has applied a revision (rule 0). */
    public record NodeApplied(Object stream, long revision) implements Message {}

    /** The node of the stream is done with a drain (F5). */
    public record NodeDrained(Object stream, long drain) implements Message {}

    /** Up to which of their calls clients have all answers, as a node has heard. */
    public record Acknowledged(SessionActivity said) implements Message {}

    /** The node of the stream serves no more and comes to its end. */
    public record Resigned(Object stream) implements Message {}

    /** The transport takes more for that stream. */
    public record Ready(Object stream) implements Message {}

    /** A node's stream has ended, which says nothing about its lease. */
    public record Gone(Object stream) implements Message {}

    /** The replica has applied an entry. */
    public record EntryApplied(Applied applied) implements Message {}

    /** Whether this replica leads. */
    public record Leading(boolean leads) implements Message {}

    /**
     * Who leads, perhaps without being ready yet.
     *
     * @param peer its id
     * @param address where its services are, {@code host:port}; empty = not known
     */
    public record Leader(String peer, String address) implements Message {}

    /** The coordinator ends. */
    public record Stop() implements Message {}

    /**
     * A call waits; see {@link AppliedTracker#await}. One of the two runs, on this actor's thread, and must not block.
     *
     * @param done rule 0 holds
     * @param lost gets why that will not be known here: this coordinator does not lead, or leads no longer, or has not reached what is waited for
     */
    public record Await(long token, long revision, long drain, Runnable done, Consumer<Refusal> lost)
            implements Message {}

    /** A call waits no longer. */
    public record Cancel(long token) implements Message {}

    /** Which nodes hold a lease, and what each has applied. */
    public record AskLeased(Consumer<List<LeasedNode>> reply) implements Message {}

    /**
     * Which lives can be given something new. A leader that has just begun knows that of a life only when it has granted it a lease or its
     * grace is over: so long this waits. One of the two runs, on this actor's thread, and must not block.
     *
     * @param refused this coordinator does not lead
     */
    public record AskUsable(Consumer<List<NodeLife>> reply, Consumer<Refusal> refused) implements Message {}

    /**
     * A node that holds a lease of this leadership.
     *
     * @param life its name and incarnation
     * @param appliedRevision what it has applied
     */
    public record LeasedNode(NodeLife life, long appliedRevision) {}

    private record Tick() implements Message {}

    private record RefuseExpired() implements Message {}

    /** What follows from something that a leadership asked for; nothing where it is over. */
    private record Then(Leadership asked, Runnable step) implements Message {}

    /**
     * What it needs of its coordinator.
     *
     * @param peer the coordinator's id
     * @param clusterId the cluster's id
     * @param nanoTime a monotonic clock
     * @param lapsed run whenever a lease is taken for lapsed; must not block
     * @param coordinators where the services of the coordinators of now are, {@code host:port}
     */
    public record Settings(
            String peer,
            String clusterId,
            Views views,
            LongSupplier nanoTime,
            Runnable lapsed,
            Supplier<List<String>> coordinators) {}

    private final TimerScheduler<Message> timers;
    private final ActorRef<Committer.Message> committer;
    private final Settings settings;
    private final ChangeRing ring = new ChangeRing(ChangeRing.MAX_CHANGES, ChangeRing.MAX_BYTES);
    private final HeldRegistrations<Register> held;
    private @Nullable Leadership leadership;
    private String leader = "";

    private LeaseKeeper(
            ActorContext<Message> context,
            TimerScheduler<Message> timers,
            ActorRef<Committer.Message> committer,
            Settings settings) {
        super(context);
        this.timers = timers;
        this.committer = committer;
        this.settings = settings;
        this.held = new HeldRegistrations<>(settings.peer());
    }

    public static Behavior<Message> create(ActorRef<Committer.Message> committer, Settings settings) {
        return Behaviors.setup(
                context -> Behaviors.withTimers(timers -> new LeaseKeeper(context, timers, committer, settings)));
    }

    @Override
    public Behavior<Message> onMessage(Message message) {
        switch (message) {
            case Leading now -> leading(now.leads());
            case Leader of -> {
                leader = of.address();
                held.leads(of.peer(), of.address()).forEach(this::refuse);
            }
            case RefuseExpired expired -> held.expired(now()).forEach(this::refuse);
            case EntryApplied applied ->
                applied.applied().results().forEach(result -> {
                    result.change().ifPresent(this::changed);
                    if (leadership != null) {
                        // One replica says it, once: who leads, or led when it was applied.
                        RunLog.changed(result.runs());
                    }
                });
            case Stop stop -> {
                held.takeAll().forEach(this::refuse);
                return Behaviors.stopped();
            }
            default -> {
                if (leadership != null) {
                    inLeadership(leadership, message);
                } else {
                    withoutLeadership(message);
                }
            }
        }
        return this;
    }

    private static void inLeadership(Leadership leadership, Message message) {
        switch (message) {
            case Register register -> leadership.register(register);
            case Renewed renewed -> leadership.renewed(renewed.stream(), renewed.renewal());
            case NodeApplied applied -> leadership.applied(applied.stream(), applied.revision());
            case NodeDrained drained -> leadership.drained(drained.stream(), drained.drain());
            case Acknowledged acknowledged -> leadership.acknowledged(acknowledged.said());
            case Resigned resigned -> leadership.resigned(resigned.stream());
            case Ready ready -> leadership.ready(ready.stream());
            case Gone gone -> leadership.gone(gone.stream());
            case Await await -> leadership.await(await);
            case Cancel cancel -> leadership.cancel(cancel.token());
            case AskLeased ask -> ask.reply().accept(leadership.leased());
            case AskUsable ask -> leadership.usable(ask);
            case Tick tick -> leadership.tick();
            case Then then -> {
                if (then.asked() == leadership) {
                    then.step().run();
                }
            }
            case Leading other -> throw unexpected(other);
            case Leader other -> throw unexpected(other);
            case RefuseExpired other -> throw unexpected(other);
            case EntryApplied other -> throw unexpected(other);
            case Stop other -> throw unexpected(other);
        }
    }

    private void withoutLeadership(Message message) {
        switch (message) {
            case Register register -> hold(register);
            case Await await -> await.lost().accept(notLeading());
            case AskLeased ask -> ask.reply().accept(List.of());
            case AskUsable ask -> ask.refused().accept(notLeading());
            case Renewed of -> {}
            case NodeApplied of -> {}
            case NodeDrained of -> {}
            case Acknowledged of -> {}
            case Resigned of -> {}
            case Ready of -> {}
            case Gone gone -> held.gone(register -> register.stream().equals(gone.stream()));
            case Cancel of -> {}
            case Tick of -> {}
            case Then of -> {}
            case Leading other -> throw unexpected(other);
            case Leader other -> throw unexpected(other);
            case RefuseExpired other -> throw unexpected(other);
            case EntryApplied other -> throw unexpected(other);
            case Stop other -> throw unexpected(other);
        }
    }

    private static IllegalStateException unexpected(Message message) {
        return new IllegalStateException("was taken before: " + message);
    }

    private void leading(boolean leads) {
        if (leadership != null) {
            leadership.end(notLeading());
            leadership = null;
        }
        timers.cancel(Tick.class);
        if (leads) {
            leadership = new Leadership(settings, ring, new FromLeadership());
            leadership.begin();
            held.takeAll().forEach(leadership::register);
            timers.startTimerWithFixedDelay(Tick.class, new Tick(), TICK);
        }
    }

    private void hold(Register register) {
        if (held.hold(now(), register, register.silentLeader())) {
            // One timer each: its key is the message's.
            timers.startSingleTimer(register, new RefuseExpired(), HeldRegistrations.LONGEST);
        } else {
            refuse(register);
        }
    }

    private void refuse(Register register) {
        register.stream().onError(Statuses.toException(notLeading()));
    }

    private long now() {
        return settings.nanoTime().getAsLong();
    }

    private void changed(RegistryChange change) {
        ring.add(change);
        if (leadership != null) {
            leadership.changed(change);
        }
    }

    /** Every reply comes back as a message of this actor, and is dropped where another leadership has begun. */
    private final class FromLeadership implements Leadership.Outside {
        @Override
        public void submit(Leadership from, Command command, Consumer<Answer> reply) {
            ActorRef<Message> self = getContext().getSelf();
            committer.tell(new Committer.Submit(
                    command, answer -> self.tell(new Then(from, () -> reply.accept(answer)))));
        }

        @Override
        public void confirm(Leadership from, Runnable confirmed, Runnable refused) {
            ActorRef<Message> self = getContext().getSelf();
            committer.tell(new Committer.Confirm(
                    () -> self.tell(new Then(from, confirmed)), why -> self.tell(new Then(from, refused))));
        }

        @Override
        public void later(Leadership from, Duration delay, Runnable step) {
            Then then = new Then(from, step);
            timers.startSingleTimer(then, then, delay);
        }
    }

    private Refusal notLeading() {
        return NotLeading.refusal(leader);
    }
}
