package io.trapline.node.peer;

import io.trapline.internal.v1.CallRequest;
import io.trapline.internal.v1.DropMark;
import io.trapline.internal.v1.KeepMark;
import io.trapline.internal.v1.LinkEnd;
import io.trapline.internal.v1.Marked;
import io.trapline.internal.v1.Refused;
import io.trapline.internal.v1.ToShard;
import io.trapline.internal.v1.Transaction;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.Mark;
import io.trapline.node.protocol.RequestName;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.TypesTxn;
import java.util.Optional;

/** What shards keep of calls over several of them (T6), and under which request ids calls are made (section E), as messages of frames, and back. */
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

    static DropMark.Builder drop(ShardMessage.DropMark drop) {
        DropMark.Builder told = DropMark.newBuilder().setCall(drop.call()).setId(txn(drop.id()));
        drop.answer().ifPresent(answer -> told.setAnswer(Frames.end(answer.refusal())));
        return told;
    }

    static ShardMessage.DropMark drop(DropMark drop) {
        return new ShardMessage.DropMark(
                drop.getCall(),
                txn(drop.getId()),
                drop.hasAnswer() ? Optional.of(Frames.firstAnswer(drop.getAnswer())) : Optional.empty());
    }

    static CallRequest request(RequestName name) {
        return CallRequest.newBuilder()
                .setSession(name.session())
                .setNumber(name.number())
                .setAcknowledgedThrough(name.acknowledgedThrough())
                .setContent(name.content())
                .build();
    }

    static RequestName request(CallRequest request) {
        long number = Columns.within(request.getNumber(), 1, Long.MAX_VALUE, "request.number");
        return new RequestName(
                request.getSession(),
                number,
                Columns.within(request.getAcknowledgedThrough(), 0, number - 1, "request.acknowledged_through"),
                request.getContent());
    }

    /** What is asked for under a request id, where it is. */
    static ShardMessage.Call once(ToShard told, ShardMessage.Call inner) {
        if (!told.hasRequest() || inner instanceof ShardMessage.Refused) {
            return inner;
        }
        boolean isOnce = inner instanceof ShardMessage.CheckTypes
                || inner instanceof ShardMessage.CheckSegments
                || inner instanceof ShardMessage.CommitTypes
                || inner instanceof ShardMessage.WriteSegments;
        if (!isOnce) {
            throw new MalformedFrameException("shard.request", told.getMessageCase(), "has no first answer");
        }
        return new ShardMessage.Once(request(told.getRequest()), inner);
    }

    static ShardMessage.Call refused(ToShard told) {
        Refused refused = told.getRefused();
        if (!told.hasRequest()) {
            throw new MalformedFrameException("shard.request", "none", "a call without one is not kept");
        }
        return new ShardMessage.Refused(
                refused.getCall(),
                request(told.getRequest()),
                Frames.firstAnswer(refused.getWhy())
                        .refusal()
                        .orElseThrow(() -> new MalformedFrameException("refused.why", "none", "no refusal")));
    }

    static ShardMessage.Call part(ToShard told, ShardMessage.Call inner) {
        if (!told.hasPartOf()) {
            return inner;
        }
        ShardMessage.Call change = inner instanceof ShardMessage.Once once ? once.inner() : inner;
        boolean changes = change instanceof ShardMessage.CommitTypes
                || change instanceof ShardMessage.WriteSegments
                || change instanceof ShardMessage.ResetType;
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
