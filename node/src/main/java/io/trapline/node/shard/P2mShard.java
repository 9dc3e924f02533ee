package io.trapline.node.shard;

import io.trapline.model.Refusal;
import io.trapline.node.lease.ServingGate;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.p2m.MemoryBudget;
import io.trapline.node.p2m.P2m;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.AnswerRoute;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardMessage.Accesses;
import io.trapline.node.protocol.ShardMessage.Apply;
import io.trapline.node.protocol.ShardMessage.AwaitReturned;
import io.trapline.node.protocol.ShardMessage.CheckSegments;
import io.trapline.node.protocol.ShardMessage.CheckTypes;
import io.trapline.node.protocol.ShardMessage.CommitTypes;
import io.trapline.node.protocol.ShardMessage.Completed;
import io.trapline.node.protocol.ShardMessage.DecideAgain;
import io.trapline.node.protocol.ShardMessage.ListTypes;
import io.trapline.node.protocol.ShardMessage.PostedDone;
import io.trapline.node.protocol.ShardMessage.PostedQueued;
import io.trapline.node.protocol.ShardMessage.ReadSegments;
import io.trapline.node.protocol.ShardMessage.Recalled;
import io.trapline.node.protocol.ShardMessage.ResetType;
import io.trapline.node.protocol.ShardMessage.Resume;
import io.trapline.node.protocol.ShardMessage.Stop;
import io.trapline.node.protocol.ShardMessage.Tick;
import io.trapline.node.protocol.ShardMessage.WriteSegments;
import io.trapline.node.protocol.ShardRoute;
import io.trapline.node.protocol.VcpusRoute;
import io.trapline.node.rows.Segments;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.Signal;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * The actor of one P2M shard: translates messages into steps of {@link ShardRules} and their effects into messages. Owns the shard's memory,
 * which nobody else touches.
 */
public final class P2mShard extends AbstractMatchingBehavior<ShardMessage> {
    private static final Duration TICK = Duration.ofMillis(20);

    private final int index;
    private final long shardEpoch;
    private final ShardRules rules;
    private final ShardOutbox outbox;
    private final Gateways gateways;
    private final BufferCalls buffers;
    private final AnswerRoute answers;
    private final TimerScheduler<ShardMessage> timers;
    /** What peers have asked for while the domain is paused: of each vCPU one thing at most. */
    private final List<BufferAsk> asked = new ArrayList<>();

    private final ServingGate gate;
    private final Runnable wake;
    /** Calls that came while the node did not serve, bounded by what their services let in. */
    private final List<ShardMessage.Call> waitingCalls = new ArrayList<>();

    private boolean leased = true;
    private long lastToken;

    private P2mShard(
            ActorContext<ShardMessage> context,
            TimerScheduler<ShardMessage> timers,
            int index,
            long shardEpoch,
            ShardRules rules,
            ShardOutbox outbox,
            Gateways gateways,
            BufferCalls buffers,
            AnswerRoute answers,
            ServingGate gate) {
        super(context);
        this.gate = gate;
        ActorRef<ShardMessage> self = context.getSelf();
        wake = () -> self.tell(new Resume());
        this.timers = timers;
        this.index = index;
        this.shardEpoch = shardEpoch;
        this.rules = rules;
        this.outbox = outbox;
        this.gateways = gateways;
        this.buffers = buffers;
        this.answers = answers;
    }

    /**
     * A shard that decides nothing before its first {@link Apply}.
     *
     * @param index its index in the domain
     * @param map where each frame is
     * @param nrPages pages of the whole domain; those of them that lie in the shard are RAM_RW and zero (T1)
     * @param shardEpoch the revision at which this placement began (C7)
     * @param shards the domain's shards, by index, this one included
     * @param vcpus by where its guests are: who is given the outcomes
     * @param answers who is given what comes of calls
     * @param gate while it is closed nothing is decided, read or acknowledged (D-11)
     */
    public static Behavior<ShardMessage> create(
            int index,
            ShardMap map,
            long nrPages,
            long shardEpoch,
            MemoryBudget budget,
            List<ShardRoute> shards,
            Function<Life, VcpusRoute> vcpus,
            AnswerRoute answers,
            ServingGate gate) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            BufferCalls buffers = new BufferCalls(index, map, shards);
            Gateways gateways = new Gateways();
            ShardOutbox outbox = new ShardOutbox(index, vcpus, gateways, buffers);
            long firstGfn = map.firstGfn(index);
            long lastGfn = map.lastGfn(index);
            DecisionTable nothingYet =
                    DecisionTable.builder(0).state(DecisionTable.State.PAUSED).build();
            P2m p2m = new P2m(firstGfn, lastGfn, nrPages, budget);
            ShardRules rules = new ShardRules(p2m, firstGfn, lastGfn, nothingYet, outbox);
            return new P2mShard(context, timers, index, shardEpoch, rules, outbox, gateways, buffers, answers, gate);
        }));
    }

    @Override
    public Behavior<ShardMessage> onMessage(ShardMessage message) {
        lease(gate.serves());
        if (!leased && message instanceof ShardMessage.Call call) {
            waitingCalls.add(call);
            return this;
        }
        take(message);
        if (message instanceof Stop) {
            return Behaviors.stopped();
        }
        if (!timers.isTimerActive(TICK) && rules.hasQueued()) {
            timers.startSingleTimer(TICK, new Tick(), TICK);
        }
        return this;
    }

    /** Whether the node serves, in this step. */
    private void lease(boolean serves) {
        if (serves != leased) {
            // Calls first: what a handler wrote before it answered is in the page before the access completes (F2).
            List<ShardMessage.Call> calls = List.copyOf(waitingCalls);
            waitingCalls.clear();
            calls.forEach(this::take);
            leased = serves;
            rules.leased(serves);
            Runnable moved = answerAsked();
            outbox.flush(shardEpoch, rules.revision(), rules.typeChanges(), leased);
            moved.run();
        }
        if (!serves) {
            gate.whenOpen(wake);
        }
    }

    private void take(ShardMessage message) {
        Runnable after = switch (message) {
            case Accesses accesses -> step(() -> rules.accept(gateways.take(accesses.from(), accesses.rows())));
            case Completed(int server, long home, var rows) -> step(() -> rules.completed(server, home, rows));
            case DecideAgain(int server, long home, var rows) -> step(() -> rules.decideAgain(server, home, rows));
            case PostedQueued(int server, long home, var rows) -> step(() -> rules.postedQueued(server, home, rows));
            case PostedDone(int server, long home, var rows) -> step(() -> rules.postedDone(server, home, rows));
            case Recalled recalled -> step(() -> rules.recalled(recalled.serverId(), recalled.recall()));
            case Tick tick -> step(() -> rules.expire(System.nanoTime()));
            case Apply apply -> apply(apply);
            case Resume resume -> P2mShard::nothing;
            case ShardMessage.FromPeer(ShardMessage come, Runnable taken) -> {
                take(come);
                yield taken;
            }
            case AwaitReturned(int server, long revision, Runnable returned) ->
                underToken(returned, token -> rules.awaitReturned(server, revision, token));
            case ShardMessage.BetweenShards between -> onBetweenShards(between);
            case CheckTypes check -> {
                Optional<Refusal> refusal = rules.p2m().checkTypes(check.runs());
                yield () -> done(check.call(), refusal);
            }
            case CommitTypes commit -> commitTypes(commit);
            case ResetType reset -> changeTypes(reset.call(), token -> rules.resetType(reset.x(), token));
            case ListTypes list -> {
                var runs = rules.p2m().listTypes(list.firstGfn(), list.count(), list.maxRuns());
                yield () -> answers.tell(new CallAnswer.Listed(list.call(), index, runs));
            }
            case CheckSegments check -> {
                Segments segments = check.segments();
                Optional<Refusal> refusal = rules.p2m().reserveSegments(segments.gpa(), segments.sizeBytes());
                yield () -> done(check.call(), refusal);
            }
            case ReadSegments read -> {
                Optional<Refusal> refusal = rules.p2m().checkSegments(read.gpa(), read.sizeBytes());
                CallAnswer answer = refusal.isPresent()
                        ? new CallAnswer.Done(read.call(), index, refusal)
                        : new CallAnswer.Read(read.call(), index, readAll(read));
                yield () -> answers.tell(answer);
            }
            case WriteSegments write -> {
                Optional<Refusal> refusal = writeAll(write.segments());
                yield () -> done(write.call(), refusal);
            }
            case Stop stop -> P2mShard::nothing;
        };
        outbox.flush(shardEpoch, rules.revision(), rules.typeChanges(), leased);
        after.run();
    }

    @Override
    public Behavior<ShardMessage> onSignal(Signal signal) {
        if (signal instanceof PostStop) {
            rules.p2m().close();
        }
        return this;
    }

    private static void nothing() {}

    private void done(long call, Optional<Refusal> refusal) {
        answers.tell(new CallAnswer.Done(call, index, refusal));
    }

    private static Runnable step(Runnable step) {
        step.run();
        return P2mShard::nothing;
    }

    private Runnable onBetweenShards(ShardMessage.BetweenShards message) {
        return switch (message) {
            case BufferAsk ask -> {
                asked.add(ask);
                yield answerAsked();
            }
            case BufferReply reply -> {
                BufferCalls.Moved moved = buffers.replied(reply);
                yield moved == null ? P2mShard::nothing : step(() -> rules.bufferMoved(moved.move(), moved.ok()));
            }
            default -> throw new IllegalArgumentException("not between shards: " + message);
        };
    }

    private Runnable apply(Apply apply) {
        BitSet present = new BitSet();
        apply.servers().keySet().forEach(present::set);
        outbox.servers(apply.servers(), apply.table());
        rules.apply(apply.table(), apply.opened(), present);
        Runnable moved = answerAsked();
        return () -> {
            apply.applied().run();
            moved.run();
        };
    }

    /** Does what peers have asked for; while the domain is paused it waits (D1). */
    private Runnable answerAsked() {
        if (asked.isEmpty() || !rules.isRunning()) {
            return P2mShard::nothing;
        }
        List<BufferAsk> now = List.copyOf(asked);
        asked.clear();
        List<Boolean> moved =
                now.stream().map(ask -> rules.moveBufferHere(ask.piece())).toList();
        return () -> {
            for (int i = 0; i < moved.size(); i++) {
                buffers.answer(now.get(i), moved.get(i));
            }
        };
    }

    /** Checked once more: a server's former home may have let it pass late, when its caller had been refused and another has come between. */
    private Runnable commitTypes(CommitTypes commit) {
        Optional<Refusal> refusal = rules.p2m().checkTypes(commit.runs());
        return refusal.isPresent()
                ? () -> done(commit.call(), refusal)
                : changeTypes(commit.call(), token -> rules.commitTypes(commit.runs(), token));
    }

    private Runnable changeTypes(long call, java.util.function.LongConsumer change) {
        return underToken(() -> done(call, Optional.empty()), change);
    }

    private Runnable underToken(Runnable whenDone, java.util.function.LongConsumer step) {
        long token = ++lastToken;
        outbox.whenDone(token, whenDone);
        step.accept(token);
        return P2mShard::nothing;
    }

    private byte[] readAll(ReadSegments read) {
        byte[] data = new byte[Arrays.stream(read.sizeBytes()).sum()];
        int offset = 0;
        for (int i = 0; i < read.gpa().length; i++) {
            rules.p2m().readBytes(read.gpa()[i], data, offset, read.sizeBytes()[i]);
            offset += read.sizeBytes()[i];
        }
        return data;
    }

    private Optional<Refusal> writeAll(Segments segments) {
        Optional<Refusal> refusal = rules.p2m().checkSegments(segments.gpa(), segments.sizeBytes());
        if (refusal.isEmpty()) {
            refusal = rules.p2m().reserveSegments(segments.gpa(), segments.sizeBytes());
        }
        for (int i = 0; i < segments.size() && refusal.isEmpty(); i++) {
            rules.p2m().writeBytes(segments.gpa()[i], segments.data(), segments.offset()[i], segments.sizeBytes()[i]);
        }
        return refusal;
    }
}
