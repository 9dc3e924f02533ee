package io.trapline.node.shard;

import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.p2m.MemoryBudget;
import io.trapline.node.p2m.P2m;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.p2m.StepMemory;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardMessage.Accesses;
import io.trapline.node.protocol.ShardMessage.Completed;
import io.trapline.node.protocol.ShardMessage.DecideAgain;
import io.trapline.node.protocol.ShardMessage.PostedDone;
import io.trapline.node.protocol.ShardMessage.PostedQueued;
import io.trapline.node.protocol.ShardMessage.Recalled;
import io.trapline.node.protocol.ShardStep;
import io.trapline.node.replica.StateImage;
import io.trapline.node.rows.KeyRows;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * One copy of a shard, as what it does step by step: what a step brings about is gathered in {@link #outbox}. A primary sends that, once its backup has done the
 * step; the backup forgets it. So nothing in here may look at a clock, at chance, or at anything else that the two nodes do not have in common.
 */
final class ShardSteps implements ShardCopies.Content {
    private final StepMemory memory;
    private final ShardRules rules;
    private final ShardOutbox outbox;
    private final Gateways gateways;
    private final BufferCalls buffers;
    /** What peers have asked for while the domain is paused: of each vCPU one thing at most, from each life that has decided its shard. */
    private final List<BufferAsk> asked = new ArrayList<>();

    private final BufferAnswers answered = new BufferAnswers();
    private final ShardCalls calls;

    /** What has come of an image. */
    private final ByteArrayOutputStream imageSoFar = new ByteArrayOutputStream();

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
        calls = new ShardCalls(index, rules, outbox, around.answers());
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

    /** What was answered under request ids. */
    Answers first() {
        return calls.first();
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
            case ShardMessage.SessionEnded(long session) -> calls.first().forget(session);
            case ShardMessage.SessionAcknowledged(long session, long through) ->
                calls.first().acknowledge(session, through);
            case ShardMessage.Call call -> calls.called(call);
            default -> throw new IllegalArgumentException("no step: " + message);
        }
    }

    /** Not of what another home has said, which was passed over. */
    private void recorded(int server, long home, KeyRows rows) {
        if (home == rules.homeEpoch(server)) {
            outbox.recorded(server, rows);
        }
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
        calls.image(image);
        leased = image.of(leased);
    }
}
