package io.trapline.node.peer;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.trapline.internal.v1.BufferMoved;
import io.trapline.internal.v1.ChangeAck;
import io.trapline.internal.v1.FromServerKeys;
import io.trapline.internal.v1.FromServerOutcomes;
import io.trapline.internal.v1.GetMark;
import io.trapline.internal.v1.KeyColumns;
import io.trapline.internal.v1.ListTypes;
import io.trapline.internal.v1.MoveBuffer;
import io.trapline.internal.v1.PassedBy;
import io.trapline.internal.v1.Recalled;
import io.trapline.internal.v1.Refused;
import io.trapline.internal.v1.ResetType;
import io.trapline.internal.v1.SegmentCall;
import io.trapline.internal.v1.SegmentColumns;
import io.trapline.internal.v1.SessionAcknowledged;
import io.trapline.internal.v1.SessionEnded;
import io.trapline.internal.v1.ToShard;
import io.trapline.internal.v1.TypeRuns;
import io.trapline.model.Limit;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.Segments;
import io.trapline.node.shard.BufferAsk;
import io.trapline.node.shard.BufferMove;
import io.trapline.node.shard.BufferReply;
import java.util.Optional;

/** What a shard is told, as a message of a frame, and back. */
final class ShardFrames {
    /** Takes what is to be told, in order. */
    interface Sink {
        void told(TrafficClass of, ToShard.Builder message);
    }

    private static final int LAST_SHARD = Limit.MAX_SHARDS_PER_DOMAIN.intValue() - 1;
    private static final int LAST_SERVER = Limit.MAX_SERVERS_PER_DOMAIN.intValue() - 1;
    private static final byte[] NOTHING = {};

    private ShardFrames() {}

    /**
     * As many messages as the rows need.
     *
     * @param ofCalls the class of calls: ANSWERS where a server has let them pass, since they are in order with its answers
     */
    static void encode(ShardMessage message, TrafficClass ofCalls, long nowNanos, Sink sink) {
        switch (message) {
            case ShardMessage.Accesses(Life life, var rows) ->
                Slices.of(
                        rows.size(),
                        (from, to) -> sink.told(
                                TrafficClass.ACCESSES,
                                ToShard.newBuilder().setAccesses(RowFrames.accesses(rows, from, to, nowNanos))));
            case ShardMessage.Completed(int server, long home, var rows) ->
                Slices.of(
                        rows.size(),
                        (from, to) -> sink.told(
                                TrafficClass.ANSWERS,
                                ToShard.newBuilder()
                                        .setCompleted(FromServerOutcomes.newBuilder()
                                                .setServer(server)
                                                .setHomeEpoch(home)
                                                .setRows(RowFrames.outcomes(rows, from, to)))));
            case ShardMessage.DecideAgain(int server, long home, var rows) ->
                Slices.of(
                        rows.size(),
                        (from, to) -> sink.told(
                                TrafficClass.ANSWERS,
                                ToShard.newBuilder().setDecideAgain(keys(server, home, rows, from, to))));
            case ShardMessage.PostedQueued(int server, long home, var rows) ->
                Slices.of(
                        rows.size(),
                        (from, to) -> sink.told(
                                TrafficClass.ANSWERS,
                                ToShard.newBuilder().setPostedQueued(keys(server, home, rows, from, to))));
            case ShardMessage.PostedDone(int server, long home, var rows) ->
                Slices.of(
                        rows.size(),
                        (from, to) -> sink.told(
                                TrafficClass.ANSWERS,
                                ToShard.newBuilder().setPostedDone(keys(server, home, rows, from, to))));
            case ShardMessage.Recalled(int server, long recall) ->
                sink.told(
                        TrafficClass.ANSWERS,
                        ToShard.newBuilder()
                                .setRecalled(
                                        Recalled.newBuilder().setServer(server).setRecall(recall)));
            case ShardMessage.BetweenShards between -> encodeBetween(between, sink);
            case ShardMessage.Call call -> sink.told(ofCalls, call(call));
            case ShardMessage.Change change -> ReplicaFrames.encode(change, sink);
            case ShardMessage.SessionEnded(long session) ->
                sink.told(
                        TrafficClass.REPLICATION,
                        ToShard.newBuilder()
                                .setSessionEnded(SessionEnded.newBuilder().setSession(session)));
            case ShardMessage.SessionAcknowledged(long session, long through) ->
                sink.told(
                        TrafficClass.REPLICATION,
                        ToShard.newBuilder()
                                .setSessionAcknowledged(SessionAcknowledged.newBuilder()
                                        .setSession(session)
                                        .setThrough(through)));
            case ShardMessage.ChangeAck(long base, long through) ->
                sink.told(
                        TrafficClass.REPLICATION,
                        ToShard.newBuilder()
                                .setChangeAck(
                                        ChangeAck.newBuilder().setBase(base).setThrough(through)));
            default -> throw new IllegalArgumentException("crosses no host: " + message);
        }
    }

    private static FromServerKeys keys(int server, long homeEpoch, KeyRows rows, int from, int to) {
        return FromServerKeys.newBuilder()
                .setServer(server)
                .setHomeEpoch(homeEpoch)
                .setRows(RowFrames.keys(rows, from, to))
                .build();
    }

    private static void encodeBetween(ShardMessage.BetweenShards message, Sink sink) {
        switch (message) {
            case BufferAsk(int shard, long call, int index, BufferMove piece) ->
                sink.told(
                        TrafficClass.CALLS,
                        ToShard.newBuilder()
                                .setMoveBuffer(MoveBuffer.newBuilder()
                                        .setShard(shard)
                                        .setCall(call)
                                        .setIndex(index)
                                        .setKey(KeyColumns.newBuilder()
                                                .setRows(1)
                                                .addVcpu(piece.vcpu())
                                                .addVcpuEpoch(piece.vcpuEpoch())
                                                .addSequence(piece.sequence())
                                                .addPart(piece.part()))
                                        .setGpa(piece.gpa())
                                        .setSizeBytes(piece.sizeBytes())
                                        .setInto(piece.into())
                                        .setMove(piece.bytes().length > 0)
                                        .setData(
                                                piece.into()
                                                        ? UnsafeByteOperations.unsafeWrap(piece.bytes())
                                                        : ByteString.EMPTY)));
            case BufferReply(long call, int index, boolean ok, byte[] bytes) ->
                sink.told(
                        TrafficClass.ANSWERS,
                        ToShard.newBuilder()
                                .setBufferMoved(BufferMoved.newBuilder()
                                        .setCall(call)
                                        .setIndex(index)
                                        .setOk(ok)
                                        .setData(UnsafeByteOperations.unsafeWrap(bytes))));
            default -> throw new IllegalArgumentException("crosses no host: " + message);
        }
    }

    static ToShard.Builder call(ShardMessage.Call message) {
        ToShard.Builder told = ToShard.newBuilder();
        return switch (message) {
            case ShardMessage.LetPass(int server, long home, var inner) ->
                call(inner).setPassedBy(PassedBy.newBuilder().setServer(server).setHomeEpoch(home));
            case ShardMessage.Part(var id, var by, var inner) ->
                call(inner).setPartOf(MarkFrames.txn(id)).setPartBy(MarkFrames.txn(by));
            case ShardMessage.KeepMark(long call, var mark) -> told.setKeepMark(MarkFrames.keep(call, mark));
            case ShardMessage.DropMark drop -> told.setDropMark(MarkFrames.drop(drop));
            case ShardMessage.Once(var name, var inner) -> call(inner).setRequest(MarkFrames.request(name));
            case ShardMessage.Refused(long call, var name, var why) ->
                told.setRefused(Refused.newBuilder().setCall(call).setWhy(Frames.end(Optional.of(why))))
                        .setRequest(MarkFrames.request(name));
            case ShardMessage.GetMark(long call, var by) ->
                told.setGetMark(GetMark.newBuilder().setCall(call).setBy(MarkFrames.txn(by)));
            case ShardMessage.CheckTypes(long call, var runs) ->
                told.setCheckTypes(TypeRuns.newBuilder().setCall(call).setRuns(RowFrames.runs(runs)));
            case ShardMessage.CommitTypes(long call, var runs) ->
                told.setCommitTypes(TypeRuns.newBuilder().setCall(call).setRuns(RowFrames.runs(runs)));
            case ShardMessage.ResetType(long call, int x) ->
                told.setResetType(ResetType.newBuilder().setCall(call).setX(x));
            case ShardMessage.ListTypes(long call, long firstGfn, long count, int maxRuns) ->
                told.setListTypes(ListTypes.newBuilder()
                        .setCall(call)
                        .setFirstGfn(firstGfn)
                        .setCount(count)
                        .setMaxRuns(maxRuns));
            case ShardMessage.CheckSegments(long call, Segments segments) ->
                told.setCheckSegments(
                        segments(call, RowFrames.segments(segments.gpa(), segments.sizeBytes(), ByteString.EMPTY)));
            case ShardMessage.ReadSegments(long call, long[] gpa, int[] sizeBytes) ->
                told.setReadSegments(segments(call, RowFrames.segments(gpa, sizeBytes, ByteString.EMPTY)));
            case ShardMessage.WriteSegments(long call, Segments segments) ->
                told.setWriteSegments(segments(call, RowFrames.segments(segments)));
        };
    }

    private static SegmentCall segments(long call, SegmentColumns columns) {
        return SegmentCall.newBuilder().setCall(call).setSegments(columns).build();
    }

    /**
     * What it is told.
     *
     * @param from who tells it
     * @param madeNanos when the frame was made, on this node's clock
     */
    static ShardMessage decode(Life from, ToShard told, long madeNanos) {
        return switch (told.getMessageCase()) {
            case ACCESSES -> new ShardMessage.Accesses(from, RowFrames.accesses(told.getAccesses(), madeNanos));
            case COMPLETED ->
                new ShardMessage.Completed(
                        server(told.getCompleted().getServer()),
                        told.getCompleted().getHomeEpoch(),
                        RowFrames.outcomes(told.getCompleted().getRows()));
            case DECIDE_AGAIN ->
                new ShardMessage.DecideAgain(
                        server(told.getDecideAgain().getServer()),
                        told.getDecideAgain().getHomeEpoch(),
                        RowFrames.keys(told.getDecideAgain().getRows()));
            case POSTED_QUEUED ->
                new ShardMessage.PostedQueued(
                        server(told.getPostedQueued().getServer()),
                        told.getPostedQueued().getHomeEpoch(),
                        RowFrames.keys(told.getPostedQueued().getRows()));
            case POSTED_DONE ->
                new ShardMessage.PostedDone(
                        server(told.getPostedDone().getServer()),
                        told.getPostedDone().getHomeEpoch(),
                        RowFrames.keys(told.getPostedDone().getRows()));
            case RECALLED ->
                new ShardMessage.Recalled(
                        server(told.getRecalled().getServer()),
                        told.getRecalled().getRecall());
            case MOVE_BUFFER -> decode(told.getMoveBuffer());
            case BUFFER_MOVED ->
                new BufferReply(
                        told.getBufferMoved().getCall(),
                        told.getBufferMoved().getIndex(),
                        told.getBufferMoved().getOk(),
                        told.getBufferMoved().getData().toByteArray());
            case SESSION_ENDED ->
                new ShardMessage.SessionEnded(told.getSessionEnded().getSession());
            case SESSION_ACKNOWLEDGED ->
                new ShardMessage.SessionAcknowledged(
                        told.getSessionAcknowledged().getSession(),
                        told.getSessionAcknowledged().getThrough());
            case CHANGE -> ReplicaFrames.decode(told.getChange(), madeNanos);
            case CHANGE_ACK ->
                new ShardMessage.ChangeAck(
                        told.getChangeAck().getBase(), told.getChangeAck().getThrough());
            default -> decodeCall(told);
        };
    }

    private static BufferAsk decode(MoveBuffer asked) {
        KeyRows key = RowFrames.keys(asked.getKey());
        if (key.size() != 1) {
            throw new MalformedFrameException("move_buffer.key", key.size() + " rows", "one");
        }
        int sizeBytes =
                Columns.within(asked.getSizeBytes(), 1, Limit.MAX_BYTES_PER_CALL.intValue(), "move_buffer.size_bytes");
        long gpa =
                Columns.within(asked.getGpa(), 0, (1L << Limit.MAX_GPA_BITS.intValue()) - sizeBytes, "move_buffer.gpa");
        boolean comes = asked.getMove() && asked.getInto();
        if (asked.getData().size() != (comes ? sizeBytes : 0)) {
            throw new MalformedFrameException(
                    "move_buffer.data", asked.getData().size() + " bytes", comes ? sizeBytes + " bytes" : "none");
        }
        byte[] bytes = comes ? asked.getData().toByteArray() : asked.getMove() ? new byte[sizeBytes] : NOTHING;
        return new BufferAsk(
                Columns.within(asked.getShard(), 0, LAST_SHARD, "move_buffer.shard"),
                asked.getCall(),
                asked.getIndex(),
                new BufferMove(
                        key.vcpu(0),
                        key.vcpuEpoch(0),
                        key.sequence(0),
                        key.part(0),
                        gpa,
                        sizeBytes,
                        asked.getInto(),
                        bytes));
    }

    /** A call: what a server's gate may let pass, or has. */
    static ShardMessage.Call decodeCall(ToShard told) {
        ShardMessage.Call call = MarkFrames.part(told, MarkFrames.once(told, decodeInner(told)));
        return told.hasPassedBy()
                ? new ShardMessage.LetPass(
                        server(told.getPassedBy().getServer()),
                        told.getPassedBy().getHomeEpoch(),
                        call)
                : call;
    }

    private static ShardMessage.Call decodeInner(ToShard told) {
        return switch (told.getMessageCase()) {
            case CHECK_TYPES ->
                new ShardMessage.CheckTypes(
                        told.getCheckTypes().getCall(),
                        RowFrames.runs(told.getCheckTypes().getRuns()));
            case COMMIT_TYPES ->
                new ShardMessage.CommitTypes(
                        told.getCommitTypes().getCall(),
                        RowFrames.runs(told.getCommitTypes().getRuns()));
            case RESET_TYPE ->
                new ShardMessage.ResetType(
                        told.getResetType().getCall(),
                        Columns.within(
                                told.getResetType().getX(),
                                0,
                                Limit.MAX_CLAIMABLE_TYPES.intValue() - 1,
                                "reset_type.x"));
            case LIST_TYPES -> decode(told.getListTypes());
            case CHECK_SEGMENTS ->
                new ShardMessage.CheckSegments(
                        told.getCheckSegments().getCall(),
                        RowFrames.segments(told.getCheckSegments().getSegments(), false));
            case READ_SEGMENTS -> {
                Segments segments = RowFrames.segments(told.getReadSegments().getSegments(), false);
                yield new ShardMessage.ReadSegments(
                        told.getReadSegments().getCall(), segments.gpa(), segments.sizeBytes());
            }
            case WRITE_SEGMENTS ->
                new ShardMessage.WriteSegments(
                        told.getWriteSegments().getCall(),
                        RowFrames.segments(told.getWriteSegments().getSegments(), true));
            case KEEP_MARK -> MarkFrames.keep(told.getKeepMark());
            case DROP_MARK -> MarkFrames.drop(told.getDropMark());
            case REFUSED -> MarkFrames.refused(told);
            case GET_MARK ->
                new ShardMessage.GetMark(
                        told.getGetMark().getCall(),
                        MarkFrames.txn(told.getGetMark().getBy()));
            default -> throw new MalformedFrameException("shard.message", told.getMessageCase(), "no such message");
        };
    }

    private static ShardMessage.ListTypes decode(ListTypes asked) {
        long end = 1L << (Limit.MAX_GPA_BITS.intValue() - 12);
        long first = Columns.within(asked.getFirstGfn(), 0, end - 1, "list_types.first_gfn");
        return new ShardMessage.ListTypes(
                asked.getCall(),
                first,
                Columns.within(asked.getCount(), 1, end - first, "list_types.count"),
                Columns.within(asked.getMaxRuns(), 1, RowFrames.MOST_ROWS, "list_types.max_runs"));
    }

    private static int server(int id) {
        return Columns.within(id, 0, LAST_SERVER, "server");
    }
}
