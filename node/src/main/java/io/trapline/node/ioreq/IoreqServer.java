package io.trapline.node.ioreq;

import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.lease.ServingGate;
import io.trapline.node.protocol.AnswerRoute;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ServerMessage.Apply;
import io.trapline.node.protocol.ServerMessage.Ask;
import io.trapline.node.protocol.ServerMessage.Forward;
import io.trapline.node.protocol.ServerMessage.Gated;
import io.trapline.node.protocol.ServerMessage.GetCounters;
import io.trapline.node.protocol.ServerMessage.HomeTold;
import io.trapline.node.protocol.ServerMessage.PostedLeft;
import io.trapline.node.protocol.ServerMessage.Recall;
import io.trapline.node.protocol.ServerMessage.Recorded;
import io.trapline.node.protocol.ServerMessage.ShardTell;
import io.trapline.node.protocol.ServerMessage.Stop;
import io.trapline.node.protocol.ShardRoute;
import io.trapline.node.rows.OutcomeRows;
import io.trapline.v1.IoreqServerCounters;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.Signal;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * The actor of one IOREQ server: translates messages into steps of {@link IoreqServerRules} and their effects into messages to shards and to the
 * emulator's stream. Shards, the registry's views, callers for the server and its emulator tell it; what it says to a shard stays in order.
 */
public final class IoreqServer extends AbstractMatchingBehavior<ServerMessage> {
    private static final Object TICK = "tick";

    private final IoreqServerRules rules;
    private final ServerOutbox outbox;
    private final List<ShardRoute> shards;
    private final AnswerRoute answers;
    private final TimerScheduler<ServerMessage> timers;
    private final LongSupplier clock;
    private final LongConsumer refused;
    private long counted;
    private final ServingGate gate;
    private final Runnable wake;
    /** What the emulator's streams and gated calls said while the node did not serve: few messages a stream, and what services let in of calls. */
    private final List<ServerMessage> waiting = new ArrayList<>();

    private boolean leased = true;
    private long tickAt = Deadlines.NEVER;

    /** What the stream of its emulator tells the actor. */
    sealed interface FromEmulator extends ServerMessage {}

    /**
     * A stream serves under a session that the registry has begun (S5).
     *
     * @param bound given why not, or empty when the emulator has been told that it is attached
     */
    record Bind(
            EmulatorOutlet outlet,
            long sessionEpoch,
            long run,
            int credit,
            KeptRequests kept,
            Consumer<Optional<Refusal>> bound)
            implements FromEmulator {}

    /** Answers, of one message. */
    record Answers(EmulatorOutlet outlet, long sessionEpoch, OutcomeRows rows) implements FromEmulator {}

    /** More credit. */
    record Credit(EmulatorOutlet outlet, long sessionEpoch, int rows) implements FromEmulator {}

    /** A malformed message, of which nothing is believed. */
    record Malformed(EmulatorOutlet outlet, long sessionEpoch, long batchId, Refusal why) implements FromEmulator {}

    /** The stream takes more. */
    record Ready(long sessionEpoch) implements FromEmulator {}

    /** The stream is gone. */
    record Lost(long sessionEpoch) implements FromEmulator {}

    /** The emulator has nothing more to say: its session ends, and the stream with it. */
    record Finished(EmulatorOutlet outlet, long sessionEpoch) implements FromEmulator {}

    /** Deadlines may have passed. */
    record Tick() implements FromEmulator {}

    /** The node serves again. */
    record Resume() implements ServerMessage {}

    private IoreqServer(
            ActorContext<ServerMessage> context,
            TimerScheduler<ServerMessage> timers,
            LongSupplier clock,
            IoreqServerRules rules,
            ServerOutbox outbox,
            List<ShardRoute> shards,
            AnswerRoute answers,
            LongConsumer refused,
            ServingGate gate) {
        super(context);
        this.gate = gate;
        this.refused = refused;
        ActorRef<ServerMessage> self = context.getSelf();
        wake = () -> self.tell(new Resume());
        this.timers = timers;
        this.clock = clock;
        this.rules = rules;
        this.outbox = outbox;
        this.shards = shards;
        this.answers = answers;
    }

    /**
     * A server that takes nothing before its first {@code Apply}.
     *
     * @param shards the domain's shards, by index
     * @param answers who is told whether a call has passed the gate
     * @param drained given the revision of each drain for which nothing is left here (F5); called on the actor's thread
     * @param refused given how many answers have been refused (F1), when some have
     * @param gate while it is closed nothing is delivered, and nothing is believed of the emulator or let pass for it (D-11)
     */
    public static Behavior<ServerMessage> create(
            int domid,
            long domainGeneration,
            int id,
            long generation,
            List<ShardRoute> shards,
            AnswerRoute answers,
            LongConsumer drained,
            LongConsumer refused,
            ServingGate gate) {
        return create(
                domid, domainGeneration, id, generation, shards, answers, drained, refused, gate, System::nanoTime);
    }

    /** The same on another monotonic clock, in nanoseconds. */
    static Behavior<ServerMessage> create(
            int domid,
            long domainGeneration,
            int id,
            long generation,
            List<ShardRoute> shards,
            AnswerRoute answers,
            LongConsumer drained,
            LongConsumer refused,
            ServingGate gate,
            LongSupplier clock) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            List<ShardRoute> all = List.copyOf(shards);
            ServerOutbox outbox = new ServerOutbox(domid, domainGeneration, id, all, drained);
            IoreqServerRules rules = new IoreqServerRules(id, generation, outbox);
            // Any shard may come to be decided by another copy, which asks again what this one was told.
            rules.keepTold();
            return new IoreqServer(context, timers, clock, rules, outbox, all, answers, refused, gate);
        }));
    }

    @Override
    public Behavior<ServerMessage> onMessage(ServerMessage message) {
        if (message instanceof Stop(Refusal why)) {
            outbox.end(why);
            return Behaviors.stopped();
        }
        long now = clock.getAsLong();
        lease(gate.serves(now), now);
        if (leased && now >= rules.nextDeadline()) {
            // Nothing is delivered whose time is over.
            rules.tick(now);
        }
        if (mustWait(message)) {
            waiting.add(message);
            return this;
        }
        take(message, now);
        takeWaiting(now);
        count();
        scheduleTick(now);
        return this;
    }

    private void count() {
        long all = rules.refusedAnswers();
        if (all != counted) {
            refused.accept(all - counted);
            counted = all;
        }
    }

    /** Whether the node serves, in this step. What was put aside comes first, in its order: a call before the answer that followed it (F2). */
    private void lease(boolean serves, long now) {
        if (serves != leased) {
            leased = serves;
            rules.leased(serves);
            if (serves) {
                takeWaiting(now);
                rules.tick(now);
            }
        }
        if (!serves) {
            gate.whenOpen(wake);
        }
    }

    /** Without a lease nothing of the emulator is heard; before shards have asked (D-22), nothing that is about ioreqs. */
    private boolean mustWait(ServerMessage message) {
        if (message instanceof Gated || message instanceof Answers) {
            return !leased || rules.awaitsShards();
        }
        return !leased && message instanceof FromEmulator;
    }

    private void takeWaiting(long now) {
        if (!waiting.isEmpty()) {
            List<ServerMessage> all = List.copyOf(waiting);
            waiting.clear();
            for (ServerMessage each : all) {
                if (mustWait(each)) {
                    waiting.add(each);
                } else {
                    take(each, now);
                }
            }
        }
    }

    private void take(ServerMessage message, long now) {
        switch (message) {
            case Forward f ->
                rules.accept(
                        now, f.shard(), f.shardEpoch(), f.decidedRevision(), f.decidedChange(), f.rows(), f.settled());
            case FromEmulator fromEmulator -> onEmulator(fromEmulator, now);
            case Gated gated -> onGated(gated);
            case Recall r ->
                rules.recall(now, r.shard(), r.shardEpoch(), r.recall(), r.change(), r.rows(), r.drainMillis());
            case PostedLeft left -> rules.postedLeft(now, left.rows());
            case Ask(int shard, long epoch, long home, var rows, var returned) ->
                rules.ask(now, shard, epoch, home, rows, returned);
            case Recorded(var rows) -> rules.recorded(now, rows);
            case HomeTold(var by, long home, long shards) -> rules.homeTold(now, by, home, shards);
            case ServerMessage.Leave(Refusal why) -> leave(why);
            case Apply apply -> onApply(apply, now);
            case GetCounters get -> get.reply().accept(counters());
            case Resume resume -> {}
            case ServerMessage.FromPeer(ServerMessage come, Runnable taken) -> {
                take(come, now);
                taken.run();
            }
            default -> throw new IllegalArgumentException("a message of no server: " + message);
        }
    }

    @Override
    public Behavior<ServerMessage> onSignal(Signal signal) {
        if (signal instanceof PostStop) {
            outbox.end(Refusal.of(Errno.EAGAIN, "the server's actor has stopped"));
        }
        return this;
    }

    private void onEmulator(FromEmulator message, long now) {
        switch (message) {
            case Answers(var outlet, long epoch, var rows) -> {
                rules.answers(now, epoch, rows);
                outlet.taken();
            }
            case Ready(long epoch) -> rules.ready(now, epoch);
            case Credit(var outlet, long epoch, int rows) ->
                rules.addCredit(now, epoch, rows)
                        .ifPresentOrElse(why -> outlet.takenRejected(ServerOutbox.rejected(0, why)), outlet::taken);
            case Malformed(var outlet, long epoch, long batchId, Refusal why) -> {
                if (rules.serves(epoch)) {
                    outlet.takenRejected(ServerOutbox.rejected(batchId, why));
                }
            }
            case Bind bind -> {
                outbox.offer(bind.outlet());
                bind.bound().accept(rules.bind(now, bind.sessionEpoch(), bind.run(), bind.credit(), bind.kept()));
            }
            case Lost(long epoch) -> lost(epoch);
            case Finished(var outlet, long epoch) -> {
                lost(epoch);
                outlet.finish();
            }
            case Tick tick -> {
                tickAt = Deadlines.NEVER;
                rules.tick(now);
            }
        }
    }

    private void lost(long epoch) {
        rules.lost(epoch);
        outbox.lost(epoch);
    }

    /** The emulator is to go to another node: its session ends as if its stream had been lost. */
    private void leave(Refusal why) {
        outbox.boundEpoch().ifPresent(rules::lost);
        outbox.end(why);
    }

    private void onApply(Apply apply, long now) {
        outbox.view(apply.view());
        rules.apply(
                now, apply.revision(), apply.view(), apply.tellers(), apply.paused(), apply.opened(), apply.drains());
        apply.applied().run();
    }

    private void onGated(Gated gated) {
        Optional<Refusal> refusal = rules.gate(gated.gate());
        if (refusal.isEmpty()) {
            for (ShardTell tell : gated.tells()) {
                shards.get(tell.shard()).tell(outbox.letPass(tell.message()));
            }
        }
        answers.tell(new CallAnswer.GatePassed(gated.call(), refusal));
    }

    private IoreqServerCounters counters() {
        IoreqCounters counters = rules.counters();
        return IoreqServerCounters.newBuilder()
                .setDelivered(counters.delivered())
                .setAnswered(counters.answered())
                .setRefusedAnswers(counters.refusedAnswers())
                .setRedelivered(counters.redelivered())
                .setTimedOut(counters.timedOut())
                .setDecidedAgain(counters.decidedAgain())
                .setInFlight(counters.inFlight())
                .setPostedWaiting(counters.postedWaiting())
                .build();
    }

    /** Asks for a tick only where one is due before the one that is asked for, so that rows in flight cost no timer each. */
    private void scheduleTick(long now) {
        long next = rules.nextDeadline();
        if (next < tickAt) {
            tickAt = next;
            timers.startSingleTimer(TICK, new Tick(), Duration.ofNanos(Math.max(1, next - now)));
        }
    }
}
