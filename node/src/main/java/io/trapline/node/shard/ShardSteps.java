package io.trapline.node.shard;

import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.p2m.MemoryBudget;
import io.trapline.node.p2m.P2m;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.p2m.StepMemory;
import io.trapline.node.protocol.AnswerRoute;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardMessage.Accesses;
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
import io.trapline.node.protocol.ShardMessage.WriteSegments;
import io.trapline.node.protocol.ShardStep;
import io.trapline.node.replica.StateImage;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.Segments;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.function.UnaryOperator;

/**
 * One copy of a shard, as what it does step by step: what a step brings about is gathered in {@link #outbox}. A primary sends that, once its backup has done the
 * step; the backup forgets it. So nothing in here may look at a clock, at chance, or at anything else that the two nodes do not have in common.
 */
final class ShardSteps implements ShardCopies.Content {
    private final int index;
    private final StepMemory memory;
    private final ShardRules rules;
    private final ShardOutbox outbox;
    private final Gateways gateways;
    private final BufferCalls buffers;
    private final AnswerRoute answers;
    /** What peers have asked for while the domain is paused: of each vCPU one thing at most, from each life that has decided its shard. */
    private final List<BufferAsk> asked = new ArrayList<>();

    private final BufferAnswers answered = new BufferAnswers();
    private final Marks marks = new Marks();

    /** What has come of an image. */
    private final ByteArrayOutputStream imageSoFar = new ByteArrayOutputStream();

    private long lastToken;
    private long lastWait;
    private boolean leased = true;

    /** As {@link P2mShard#create}. */
    ShardSteps(int index, ShardMap map, long nrPages, MemoryBudget budget, P2mShard.Surroundings around) {
        this(index, map, nrPages, budget, around, told -> told);
    }

    /** @param seen given what is told what steps bring about, gives what is told it first */
    ShardSteps(
            int index,
            ShardMap map,
            long nrPages,
            MemoryBudget budget,
            P2mShard.Surroundings around,
            UnaryOperator<ShardEffects> seen) {
        this.index = index;
        answers = around.answers();
        memory = new StepMemory(budget);
        buffers = new BufferCalls(index, map, around.shards());
        gateways = new Gateways();
        outbox = new ShardOutbox(index, around.vcpus(), gateways, buffers);
        long firstGfn = map.firstGfn(index);
        long lastGfn = map.lastGfn(index);
        DecisionTable nothingYet =
                DecisionTable.builder(0).state(DecisionTable.State.PAUSED).build();
        P2m p2m = new P2m(firstGfn, lastGfn, nrPages, memory);
        rules = new ShardRules(p2m, firstGfn, lastGfn, nothingYet, seen.apply(outbox));
    }

    StepMemory memory() {
        return memory;
    }

    /** Whether the last thing that it heard of its primary's lease is that it has one. */
    boolean isLeased() {
        return leased;
    }

    ShardRules rules() {
        return rules;
    }

    @Override
    public P2m p2m() {
        return rules.p2m();
    }

    ShardOutbox outbox() {
        return outbox;
    }

    /** Does a step. */
    void step(ShardStep step) {
        switch (step) {
            case ShardStep.Told(ShardMessage message) -> told(message);
            case ShardStep.Applied applied -> {
                rules.apply(applied.table(), applied.opened(), applied.servers());
                answerAsked();
            }
            case ShardStep.Leased(boolean serves) -> {
                leased = serves;
                rules.leased(serves);
                answerAsked();
            }
            case ShardStep.Expired(long nowNanos, boolean givesUp) -> rules.expire(nowNanos, givesUp);
            case ShardStep.Chunk(int chunk, int offset, byte[] bytes) ->
                rules.p2m().putChunk(chunk, offset, bytes);
            case ShardStep.Image(byte[] bytes, boolean more) -> {
                imageSoFar.writeBytes(bytes);
                if (!more) {
                    StateImage.into(imageSoFar.toByteArray(), this::image);
                    imageSoFar.reset();
                }
            }
        }
    }

    /** The step of that name. */
    void told(ShardMessage message) {
        switch (message) {
            case Accesses accesses -> rules.accept(gateways.take(accesses.from(), accesses.rows()));
            case Completed(int server, long home, var rows) -> {
                rules.completed(server, home, rows);
                recorded(server, home, rows.keys());
            }
            case DecideAgain(int server, long home, var rows) -> rules.decideAgain(server, home, rows);
            case PostedQueued(int server, long home, var rows) -> rules.postedQueued(server, home, rows);
            case PostedDone(int server, long home, var rows) -> {
                rules.postedDone(server, home, rows);
                recorded(server, home, rows);
            }
            case Recalled recalled -> rules.recalled(recalled.serverId(), recalled.recall());
            case BufferAsk ask -> {
                asked.add(ask);
                answerAsked();
            }
            case BufferReply reply -> {
                BufferCalls.Moved moved = buffers.replied(reply);
                if (moved != null) {
                    rules.bufferMoved(moved.move(), moved.ok());
                }
            }
            case ShardMessage.Call call -> called(call);
            default -> throw new IllegalArgumentException("no step: " + message);
        }
    }

    /** Not of what another home has said, which was passed over. */
    private void recorded(int server, long home, KeyRows rows) {
        if (home == rules.homeEpoch(server)) {
            outbox.recorded(server, rows);
        }
    }

    private void called(ShardMessage.Call call) {
        switch (call) {
            case ShardMessage.LetPass passed -> letPass(passed);
            case CheckTypes check -> done(check.call(), rules.p2m().checkTypes(check.runs()));
            case CommitTypes commit -> commitTypes(commit);
            case ResetType reset -> resetType(reset);
            case ListTypes list -> {
                var runs = rules.p2m().listTypes(list.firstGfn(), list.count(), list.maxRuns());
                answer(new CallAnswer.Listed(list.call(), index, runs));
            }
            case CheckSegments check -> {
                Segments segments = check.segments();
                done(check.call(), rules.p2m().reserveSegments(segments.gpa(), segments.sizeBytes()));
            }
            case ReadSegments read -> {
                Optional<Refusal> refusal = rules.p2m().checkSegments(read.gpa(), read.sizeBytes());
                answer(
                        refusal.isPresent()
                                ? new CallAnswer.Done(read.call(), index, refusal)
                                : new CallAnswer.Read(read.call(), index, readAll(read)));
            }
            case WriteSegments write -> writeSegments(write);
            case ShardMessage.KeepMark keep -> {
                Optional<Refusal> refusal = marks.check(keep.mark().id());
                if (refusal.isEmpty()) {
                    marks.keep(keep.mark());
                }
                done(keep.call(), refusal);
            }
            case ShardMessage.DropMark drop -> {
                marks.drop(drop.id());
                done(drop.call(), Optional.empty());
            }
            case ShardMessage.GetMark get -> {
                marks.fence(get.by());
                answer(new CallAnswer.Marked(get.call(), index, marks.done(), marks.kept()));
            }
            case ShardMessage.Part part -> part(part);
        }
    }

    /** Whether the backup needs to do it too: what only looks at the pages changes nothing. */
    static boolean changes(ShardMessage message) {
        return switch (message) {
            case ShardMessage.LetPass passed -> changes(passed.inner());
            case CheckTypes check -> false;
            case ListTypes list -> false;
            case ReadSegments read -> false;
            default -> true;
        };
    }

    /**
     * The copy is a primary's from now on: its deadlines are by this node's clock, and whoever had asked for type changes by the node before is not answered.
     *
     * @param clockOffset this node's clock less the one before
     */
    void promoted(long clockOffset) {
        rules.promoted(clockOffset);
        outbox.forgetCalls();
        buffers.askAgain();
    }

    /** The copy is none any more. */
    void close() {
        outbox.leave();
        rules.p2m().close();
    }

    /** What a home let pass before the server had another comes too late: what it serves has been asked about since (F2, V-9). */
    private void letPass(ShardMessage.LetPass passed) {
        if (passed.homeEpoch() < rules.homeEpoch(passed.serverId())) {
            done(passed.call(), Optional.of(Refusal.of(Errno.ESTALE, "the server has another home since")));
        } else {
            called(passed.inner());
        }
    }

    private void done(long call, Optional<Refusal> refusal) {
        answer(new CallAnswer.Done(call, index, refusal));
    }

    private void answer(CallAnswer answer) {
        outbox.last(() -> answers.tell(answer));
    }

    /** Checked once more: a server's former home may have let it pass late, when its caller had been refused and another has come between. */
    private Optional<Refusal> commitTypes(CommitTypes commit) {
        Optional<Refusal> refusal = rules.p2m().checkTypes(commit.runs());
        if (refusal.isPresent()) {
            done(commit.call(), refusal);
        } else {
            changeTypes(commit.call(), token -> rules.commitTypes(commit.runs(), token));
        }
        return refusal;
    }

    private Optional<Refusal> resetType(ResetType reset) {
        changeTypes(reset.call(), token -> rules.resetType(reset.x(), token));
        return Optional.empty();
    }

    private Optional<Refusal> writeSegments(WriteSegments write) {
        Optional<Refusal> refusal = writeAll(write.segments());
        done(write.call(), refusal);
        return refusal;
    }

    private void part(ShardMessage.Part part) {
        Optional<Refusal> late = marks.check(part.by());
        if (late.isPresent()) {
            done(part.call(), late);
            return;
        }
        Optional<Refusal> refusal = switch (part.inner()) {
            case CommitTypes commit -> commitTypes(commit);
            case WriteSegments write -> writeSegments(write);
            case ResetType reset -> resetType(reset);
            default -> throw new IllegalArgumentException("no part of a call: " + part.inner());
        };
        if (refusal.isEmpty()) {
            marks.did(part.id());
        }
    }

    private void changeTypes(long call, LongConsumer change) {
        long token = ++lastToken;
        outbox.whenDone(token, () -> answers.tell(new CallAnswer.Done(call, index, Optional.empty())));
        change.accept(token);
    }

    /** What this node, and not the other copy's, waits for (V-10). */
    void awaitReturned(ShardMessage.AwaitReturned await) {
        long token = --lastWait;
        outbox.whenReturned(token, await.returned());
        rules.awaitReturned(await.serverId(), await.revision(), token);
    }

    /** Does what peers have asked for; while the domain is paused it waits (D1). */
    private void answerAsked() {
        if (asked.isEmpty() || !rules.isRunning()) {
            return;
        }
        for (BufferAsk ask : List.copyOf(asked)) {
            BufferAnswers.Verdict verdict = answered.take(ask.shard(), ask.call(), ask.piece(), rules::moveBufferHere);
            if (verdict != BufferAnswers.Verdict.OVERTAKEN) {
                outbox.last(() -> buffers.answer(ask, verdict == BufferAnswers.Verdict.OK));
            }
        }
        asked.clear();
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

    /**
     * All that a fresh copy has to have, both ways, but for what is in the pages (D-24). Taken between two steps, when all that was brought about has been taken out of
     * {@link #outbox}; whoever waits for calls or drains does so in its own node.
     */
    @Override
    public byte[] image() {
        // That something may wait is remembered until somebody looks, and who looks is not what a copy is.
        rules.hasQueued();
        return StateImage.of(this::image);
    }

    /** As {@link #image()}, both ways. */
    void image(StateImage image) {
        rules.image(image);
        gateways.image(image);
        buffers.image(image);
        image.each(
                asked,
                ask -> {
                    image.of(ask.shard());
                    image.of(ask.call());
                    image.of(ask.index());
                    ask.piece().image(image);
                },
                () -> new BufferAsk(image.of(0), image.of(0L), image.of(0), BufferMove.NONE.image(image)));
        answered.image(image);
        marks.image(image);
        lastToken = image.of(lastToken);
        leased = image.of(leased);
    }
}
