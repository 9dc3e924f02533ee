package io.trapline.node.memory;

import io.trapline.model.Refusal;
import io.trapline.model.TypeRun;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.FirstAnswer;
import io.trapline.node.protocol.RequestName;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ServerMessage.ShardTell;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.registry.DomainCalls;
import io.trapline.node.registry.DomainHandle;
import io.trapline.node.registry.ServerHandle;
import io.trapline.node.rows.Segments;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Tells a domain's actors to read or write pages themselves and to change their types (F2, T6). What is made for a server goes through that server's actor, which lets it pass only
 * while its session is active and its ioreqs are under way.
 */
final class MemoryCalls {
    private MemoryCalls() {}

    /**
     * Reads the segments.
     *
     * @param whole their data is of no interest
     * @param sizeBytes of all of them
     * @param answer given what was read where there is no refusal; run once, on any thread
     */
    static void read(Target target, Segments whole, int sizeBytes, BiConsumer<Optional<Refusal>, byte[]> answer) {
        SortedMap<Integer, Segments> pieces =
                SegmentCut.cut(whole, target.domain().shardMap());
        Reading reading = new Reading(pieces, sizeBytes);
        DomainCalls.Call call = begin(target, refusal -> answer.accept(refusal, reading.data()));
        ShardAnswers answers = new ShardAnswers(pieces.size(), call::answer);
        call.onAnswer(part -> {
            switch (part) {
                case CallAnswer.Read read -> {
                    reading.take(read);
                    answers.accept(Optional.empty());
                }
                case CallAnswer.Done refused -> answers.accept(refused.refusal());
                case CallAnswer.GatePassed passed -> call.gate(passed.refusal());
                case CallAnswer.Listed listed -> throw unasked(listed);
                case CallAnswer.Marked marked -> throw unasked(marked);
                case CallAnswer.Settled settled -> throw unasked(settled);
                case CallAnswer.Ended ended -> throw unasked(ended);
            }
        });
        List<ShardTell> tells = new ArrayList<>(pieces.size());
        pieces.forEach((shard, segments) -> tells.add(new ShardTell(
                shard, new ShardMessage.ReadSegments(call.number(), segments.gpa(), segments.sizeBytes()))));
        tell(target, tells, call);
    }

    /**
     * Writes the segments, all or none. {@code answer} is run once, on any thread.
     *
     * @param request under which id; empty = it is carried out whenever it comes
     */
    static void write(
            Target target, Segments whole, Optional<RequestName> request, Consumer<Optional<Refusal>> answer) {
        SortedMap<Integer, Segments> pieces =
                SegmentCut.cut(whole, target.domain().shardMap());
        if (pieces.size() == 1) {
            writeInOne(target, pieces.firstKey(), whole, request, answer);
            return;
        }
        List<TypesMessage.Piece> ofShards = new ArrayList<>(pieces.size());
        pieces.forEach((shard, segments) -> ofShards.add(new TypesMessage.Piece(shard, segments)));
        // Only where no type can change between the shards' checks and their writes is it all or none.
        DomainCalls.Call call = changing(target.domain().calls().begin(answer));
        if (!call.hasEnded()) {
            target.domain().types().tell(new TypesMessage.WriteAcross(call.number(), ofShards, target.gate(), request));
        }
    }

    private static void writeInOne(
            Target target,
            int shard,
            Segments segments,
            Optional<RequestName> request,
            Consumer<Optional<Refusal>> answer) {
        // The gate of a server may refuse what it let pass before, or be gone: the shard knows.
        boolean isSettled = request.isPresent() && target.gate().isPresent();
        Consumer<Optional<Refusal>> end =
                isSettled ? refusal -> settle(target.domain(), shard, request.get(), refusal, answer) : answer;
        DomainCalls.Call call = changing(begin(target, end));
        ShardMessage.Call write = new ShardMessage.WriteSegments(call.number(), segments);
        ShardMessage.Call told = request.<ShardMessage.Call>map(name -> new ShardMessage.Once(name, write))
                .orElse(write);
        tell(target, List.of(new ShardTell(shard, told)), call);
    }

    /** Changes the types of runs that are well-formed, all or none (T6). {@code answer} is run once, on any thread. {@code request} as above. */
    static void setTypes(
            Target target, List<TypeRun> runs, Optional<RequestName> request, Consumer<Optional<Refusal>> answer) {
        DomainCalls.Call call = changing(target.domain().calls().begin(answer));
        if (!call.hasEnded()) {
            target.domain().types().tell(new TypesMessage.SetTypes(call.number(), runs, target.gate(), request));
        }
    }

    /**
     * Where a call under a request id is refused by others than the shards, its lowest shard has the last word: it may have been carried out before, and if not, this is
     * its answer from now on ({@link FirstAnswer#isKept}).
     */
    static void settle(
            DomainHandle domain,
            int shard,
            RequestName request,
            Optional<Refusal> refusal,
            Consumer<Optional<Refusal>> answer) {
        Refusal why = refusal.orElse(null);
        if (why == null || !FirstAnswer.isKept(why)) {
            answer.accept(refusal);
            return;
        }
        DomainCalls.Call call = domain.calls().begin(answer);
        call.onAnswer(kept -> {
            switch (kept) {
                case CallAnswer.Done done ->
                    call.answer(done.refusal().map(FirstAnswer::notKept).or(() -> refusal));
                case CallAnswer.Settled settled -> call.answer(settled.answer().refusal());
                default -> throw unasked(kept);
            }
        });
        if (!call.hasEnded()) {
            domain.shards().get(shard).tell(new ShardMessage.Refused(call.number(), request, why));
        }
    }

    /** Which shard is the lowest that the segments touch. */
    static int lowest(Segments whole, ShardMap map) {
        return SegmentCut.cut(whole, map).firstKey();
    }

    /** Which shard is the lowest that the runs touch. */
    static int lowest(List<TypeRun> runs, ShardMap map) {
        return runs.stream().mapToInt(run -> map.shardOf(run.firstGfn())).min().orElseThrow();
    }

    private static DomainCalls.Call begin(Target target, Consumer<Optional<Refusal>> answer) {
        DomainCalls calls = target.domain().calls();
        ServerHandle server = target.server().orElse(null);
        return server == null ? calls.begin(answer) : calls.begin(server, answer);
    }

    /** One of which a single answer is the end. */
    private static DomainCalls.Call changing(DomainCalls.Call call) {
        call.onAnswer(answer -> {
            switch (answer) {
                case CallAnswer.Done done -> call.answer(done.refusal());
                case CallAnswer.Ended ended -> call.answer(ended.refusal());
                case CallAnswer.Settled settled -> call.answer(settled.answer().refusal());
                case CallAnswer.GatePassed passed -> call.gate(passed.refusal());
                case CallAnswer.Read read -> throw unasked(read);
                case CallAnswer.Listed listed -> throw unasked(listed);
                case CallAnswer.Marked marked -> throw unasked(marked);
            }
        });
        return call;
    }

    private static IllegalArgumentException unasked(CallAnswer answer) {
        return new IllegalArgumentException("nobody has asked for " + answer);
    }

    private static void tell(Target target, List<ShardTell> tells, DomainCalls.Call call) {
        if (call.hasEnded()) {
            return;
        }
        if (target.gate().isPresent()) {
            target.server()
                    .orElseThrow()
                    .route()
                    .tell(new ServerMessage.Gated(call.number(), target.gate().get(), tells));
            return;
        }
        for (ShardTell each : tells) {
            target.domain().shards().get(each.shard()).tell(each.message());
        }
    }
}
