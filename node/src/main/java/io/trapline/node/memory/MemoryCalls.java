package io.trapline.node.memory;

import io.trapline.model.Refusal;
import io.trapline.model.TypeRun;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ServerMessage.ShardTell;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.registry.DomainCalls;
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
                case CallAnswer.Ended ended -> throw unasked(ended);
            }
        });
        List<ShardTell> tells = new ArrayList<>(pieces.size());
        pieces.forEach((shard, segments) -> tells.add(new ShardTell(
                shard, new ShardMessage.ReadSegments(call.number(), segments.gpa(), segments.sizeBytes()))));
        tell(target, tells, call);
    }

    /** Writes the segments, all or none. {@code answer} is run once, on any thread. */
    static void write(Target target, Segments whole, Consumer<Optional<Refusal>> answer) {
        SortedMap<Integer, Segments> pieces =
                SegmentCut.cut(whole, target.domain().shardMap());
        if (pieces.size() == 1) {
            DomainCalls.Call call = changing(begin(target, answer));
            pieces.forEach((shard, segments) -> tell(
                    target,
                    List.of(new ShardTell(shard, new ShardMessage.WriteSegments(call.number(), segments))),
                    call));
            return;
        }
        List<TypesMessage.Piece> ofShards = new ArrayList<>(pieces.size());
        pieces.forEach((shard, segments) -> ofShards.add(new TypesMessage.Piece(shard, segments)));
        // Only where no type can change between the shards' checks and their writes is it all or none.
        DomainCalls.Call call = changing(target.domain().calls().begin(answer));
        if (!call.hasEnded()) {
            target.domain().types().tell(new TypesMessage.WriteAcross(call.number(), ofShards, target.gate()));
        }
    }

    /** Changes the types of runs that are well-formed, all or none (T6). {@code answer} is run once, on any thread. */
    static void setTypes(Target target, List<TypeRun> runs, Consumer<Optional<Refusal>> answer) {
        DomainCalls.Call call = changing(target.domain().calls().begin(answer));
        if (!call.hasEnded()) {
            target.domain().types().tell(new TypesMessage.SetTypes(call.number(), runs, target.gate()));
        }
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
