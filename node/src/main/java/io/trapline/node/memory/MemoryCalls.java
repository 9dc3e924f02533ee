package io.trapline.node.memory;

import io.trapline.model.Refusal;
import io.trapline.model.TypeRun;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ServerMessage.ShardTell;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.registry.DomainCalls;
import io.trapline.node.rows.Segments;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Consumer;

/**
 * Tells a domain's actors to read or write pages themselves and to change their types (F2, T6). What is made for a server goes through that server's actor, which lets it pass only
 * while its session is active and its ioreqs are under way.
 */
final class MemoryCalls {
    private MemoryCalls() {}

    /** Fills the segments. {@code answer} is run once, on any thread. */
    static void read(Target target, Segments whole, Consumer<Optional<Refusal>> answer) {
        SortedMap<Integer, Segments> pieces =
                SegmentCut.cut(whole, target.domain().shardMap());
        DomainCalls.Call call = begin(target, answer);
        ShardAnswers answers = new ShardAnswers(pieces.size(), call::answer);
        List<ShardTell> tells = new ArrayList<>(pieces.size());
        pieces.forEach(
                (shard, segments) -> tells.add(new ShardTell(shard, new ShardMessage.ReadSegments(segments, answers))));
        tell(target, tells, call);
    }

    /** Writes the segments, all or none. {@code answer} is run once, on any thread. */
    static void write(Target target, Segments whole, Consumer<Optional<Refusal>> answer) {
        SortedMap<Integer, Segments> pieces =
                SegmentCut.cut(whole, target.domain().shardMap());
        if (pieces.size() == 1) {
            DomainCalls.Call call = begin(target, answer);
            pieces.forEach((shard, segments) -> tell(
                    target,
                    List.of(new ShardTell(shard, new ShardMessage.WriteSegments(segments, call::answer))),
                    call));
            return;
        }
        List<TypesMessage.Piece> ofShards = new ArrayList<>(pieces.size());
        pieces.forEach((shard, segments) -> ofShards.add(new TypesMessage.Piece(shard, segments)));
        // Only where no type can change between the shards' checks and their writes is it all or none.
        DomainCalls.Call call = target.domain().calls().begin(answer);
        if (!call.hasEnded()) {
            target.domain().types().tell(new TypesMessage.WriteAcross(ofShards, target.gate(), call::answer));
        }
    }

    /** Changes the types of runs that are well-formed, all or none (T6). {@code answer} is run once, on any thread. */
    static void setTypes(Target target, List<TypeRun> runs, Consumer<Optional<Refusal>> answer) {
        DomainCalls.Call call = target.domain().calls().begin(answer);
        if (!call.hasEnded()) {
            target.domain().types().tell(new TypesMessage.SetTypes(runs, target.gate(), call::answer));
        }
    }

    private static DomainCalls.Call begin(Target target, Consumer<Optional<Refusal>> answer) {
        DomainCalls calls = target.domain().calls();
        return target.server().map(server -> calls.begin(server, answer)).orElseGet(() -> calls.begin(answer));
    }

    private static void tell(Target target, List<ShardTell> tells, DomainCalls.Call call) {
        if (call.hasEnded()) {
            return;
        }
        if (target.gate().isPresent()) {
            TypesMessage.GatedBy by = target.gate().get();
            by.server().tell(new ServerMessage.Gated(by.gate(), tells, call::gate));
            return;
        }
        for (ShardTell each : tells) {
            target.domain().shards().get(each.shard()).tell(each.message());
        }
    }
}
