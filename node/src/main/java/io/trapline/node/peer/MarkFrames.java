package io.trapline.node.peer;

import io.trapline.internal.v1.KeepMark;
import io.trapline.internal.v1.LinkEnd;
import io.trapline.internal.v1.Marked;
import io.trapline.internal.v1.ToShard;
import io.trapline.internal.v1.Transaction;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.Mark;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.TypesTxn;
import java.util.Optional;

/** What shards keep of calls over several of them (T6), as messages of frames, and back. */
final class MarkFrames {
    private MarkFrames() {}

    static Transaction txn(TypesTxn id) {
        return Transaction.newBuilder()
                .setEntry(LinkEnd.newBuilder()
                        .setNode(id.entry().node())
                        .setIncarnation(id.entry().incarnation()))
                .setNumber(id.number())
                .setTerm(id.term())
                .build();
    }

    static TypesTxn txn(Transaction id) {
        return new TypesTxn(
                id.getTerm(), new Life(id.getEntry().getNode(), id.getEntry().getIncarnation()), id.getNumber());
    }

    static KeepMark.Builder keep(long call, Mark mark) {
        return KeepMark.newBuilder().setCall(call).setId(txn(mark.id())).setChange(Frames.toTypes(mark.change()));
    }

    static ShardMessage.KeepMark keep(KeepMark keep) {
        return new ShardMessage.KeepMark(keep.getCall(), new Mark(txn(keep.getId()), Frames.types(keep.getChange())));
    }

    static ShardMessage.Call part(ToShard told, ShardMessage.Call inner) {
        if (!told.hasPartOf()) {
            return inner;
        }
        boolean changes = inner instanceof ShardMessage.CommitTypes
                || inner instanceof ShardMessage.WriteSegments
                || inner instanceof ShardMessage.ResetType;
        if (!changes) {
            throw new MalformedFrameException(
                    "shard.part_of", told.getMessageCase(), "changes nothing in several shards");
        }
        return new ShardMessage.Part(txn(told.getPartOf()), txn(told.getPartBy()), inner);
    }

    static Marked.Builder marked(CallAnswer.Marked answer) {
        Marked.Builder marked = Marked.newBuilder();
        answer.done().ifPresent(id -> marked.setDone(txn(id)));
        answer.kept().ifPresent(mark -> marked.setKept(txn(mark.id())).setChange(Frames.toTypes(mark.change())));
        return marked;
    }

    static CallAnswer.Marked marked(long call, int shard, Marked marked) {
        return new CallAnswer.Marked(
                call,
                shard,
                marked.hasDone() ? Optional.of(txn(marked.getDone())) : Optional.empty(),
                marked.hasKept()
                        ? Optional.of(new Mark(txn(marked.getKept()), Frames.types(marked.getChange())))
                        : Optional.empty());
    }
}
