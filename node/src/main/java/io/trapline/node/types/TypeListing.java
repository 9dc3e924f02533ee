package io.trapline.node.types;

import io.trapline.model.TypeRun;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardRoute;
import io.trapline.node.registry.DomainCalls;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;

/**
 * Lists the types of a run of frames over the shards that it touches, a few shards at a time. Goes on on the thread of whichever shard answers
 * last; the caller is answered there.
 */
public final class TypeListing {
    /** How many shards are asked at a time: what of their answers does not fit is thrown away. */
    private static final int SHARDS_AT_A_TIME = 16;

    private final DomainCalls.Call call;
    private final ShardMap map;
    private final List<ShardRoute> shards;
    private final long lastGfn;
    private final int maxRuns;
    private final Consumer<Page> reply;
    private final List<TypeRun> runs = new ArrayList<>();
    private long nextGfn;

    /**
     * What was found.
     *
     * @param runs neighbours of one type are one run
     * @param nextGfn the first frame that did not fit, 0 = all did
     */
    public record Page(List<TypeRun> runs, long nextGfn) {}

    private TypeListing(
            DomainCalls.Call call,
            ShardMap map,
            List<ShardRoute> shards,
            long firstGfn,
            long lastGfn,
            int maxRuns,
            Consumer<Page> reply) {
        this.call = call;
        this.map = map;
        this.shards = shards;
        this.nextGfn = firstGfn;
        this.lastGfn = lastGfn;
        this.maxRuns = maxRuns;
        this.reply = reply;
    }

    /**
     * Begins.
     *
     * @param call under which the shards are asked; it does not end with the listing, unless a shard refuses
     * @param firstGfn a frame
     * @param count how many, 1 … 2^40 - firstGfn
     * @param maxRuns 1 and up
     */
    public static void begin(
            DomainCalls.Call call,
            ShardMap map,
            List<ShardRoute> shards,
            long firstGfn,
            long count,
            int maxRuns,
            Consumer<Page> reply) {
        new TypeListing(call, map, shards, firstGfn, firstGfn + count - 1, maxRuns, reply).askNext();
    }

    private void askNext() {
        int first = map.shardOf(nextGfn);
        int count = Math.min(SHARDS_AT_A_TIME, map.shardOf(lastGfn) - first + 1);
        AtomicReferenceArray<List<TypeRun>> answers = new AtomicReferenceArray<>(count);
        AtomicInteger owed = new AtomicInteger(count);
        call.onAnswer(answer -> {
            switch (answer) {
                case CallAnswer.Listed listed -> {
                    answers.set(listed.shard() - first, listed.runs());
                    if (owed.decrementAndGet() == 0) {
                        take(answers);
                    }
                }
                // A shard that is not where it was asked has no runs to tell.
                case CallAnswer.Done done when done.refusal().isPresent() -> call.answer(done.refusal());
                default -> throw new IllegalArgumentException("no listing: " + answer);
            }
        });
        // One more than fits: the first may be the end of the last run before it.
        int limit = maxRuns - runs.size() + 1;
        long start = nextGfn;
        for (int shard = first; shard < first + count; shard++) {
            long from = Math.max(start, map.firstGfn(shard));
            long to = Math.min(lastGfn, map.lastGfn(shard));
            shards.get(shard).tell(new ShardMessage.ListTypes(call.number(), from, to - from + 1, limit));
        }
    }

    private void take(AtomicReferenceArray<List<TypeRun>> answers) {
        long expected = nextGfn;
        for (int i = 0; i < answers.length(); i++) {
            for (TypeRun run : answers.get(i)) {
                // A shard that had more than fits leaves a gap before what the next one says.
                if (run.firstGfn() != expected || !fits(run)) {
                    reply.accept(new Page(runs, expected));
                    return;
                }
                expected = run.lastGfn() + 1;
            }
        }
        nextGfn = expected;
        if (expected > lastGfn) {
            reply.accept(new Page(runs, 0));
        } else {
            askNext();
        }
    }

    private boolean fits(TypeRun run) {
        TypeRun before = runs.isEmpty() ? null : runs.getLast();
        if (before != null && before.type() == run.type()) {
            runs.set(runs.size() - 1, new TypeRun(before.firstGfn(), before.count() + run.count(), run.type()));
            return true;
        }
        return runs.size() < maxRuns && runs.add(run);
    }
}
