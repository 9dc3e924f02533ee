package io.trapline.node.peer;

import com.google.protobuf.UnsafeByteOperations;
import io.trapline.internal.v1.Ask;
import io.trapline.internal.v1.CallEnd;
import io.trapline.internal.v1.CallGate;
import io.trapline.internal.v1.CallResult;
import io.trapline.internal.v1.Forward;
import io.trapline.internal.v1.Gated;
import io.trapline.internal.v1.HomeTold;
import io.trapline.internal.v1.Payload;
import io.trapline.internal.v1.Recall;
import io.trapline.internal.v1.SettledColumns;
import io.trapline.internal.v1.ShardPiece;
import io.trapline.internal.v1.ToServer;
import io.trapline.internal.v1.ToShard;
import io.trapline.internal.v1.ToTypes;
import io.trapline.internal.v1.ToVcpus;
import io.trapline.internal.v1.WriteAcross;
import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.FirstAnswer;
import io.trapline.node.protocol.Gate;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.RequestName;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ServerMessage.ShardTell;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.protocol.VcpusMessage;
import io.trapline.rpc.Statuses;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What actors of a domain tell each other, as payloads of frames, and back. What stays at a node throws {@link IllegalArgumentException} on its way out; what
 * no peer sends throws {@link MalformedFrameException} on its way in.
 */
final class Frames {
    private static final int LAST_SHARD = Limit.MAX_SHARDS_PER_DOMAIN.intValue() - 1;
    private static final int LAST_SERVER = Limit.MAX_SERVERS_PER_DOMAIN.intValue() - 1;

    private Frames() {}

    private static Payload.Builder payload(int domid, long generation) {
        return Payload.newBuilder().setDomid(domid).setDomainGeneration(generation);
    }

    // Out.

    /** To a shard. {@code ofCalls} as in {@link ShardFrames#encode}. */
    static void toShard(
            int domid,
            long generation,
            int shard,
            ShardMessage message,
            TrafficClass ofCalls,
            long now,
            PeerLink.Sink sink) {
        ShardFrames.encode(
                message,
                ofCalls,
                now,
                (of, told) -> sink.frame(
                        of,
                        payload(domid, generation)
                                .setShard(told.setShard(shard))
                                .build()));
    }

    /** To a server. */
    static void toServer(
            int domid,
            long generation,
            int id,
            long serverGeneration,
            ServerMessage message,
            long now,
            PeerLink.Sink sink) {
        encode(
                message,
                now,
                (of, told) -> sink.frame(
                        of,
                        payload(domid, generation)
                                .setServer(told.setId(id).setGeneration(serverGeneration))
                                .build()));
    }

    private interface ServerSink {
        void told(TrafficClass of, ToServer.Builder message);
    }

    private static void encode(ServerMessage message, long now, ServerSink sink) {
        switch (message) {
            case ServerMessage.Forward forward -> forward(forward, now, sink);
            case ServerMessage.Recall recall -> recall(recall, sink);
            case ServerMessage.Ask ask -> ask(ask, now, sink);
            case ServerMessage.Recorded(var rows) ->
                Slices.of(
                        rows.size(),
                        (from, to) -> sink.told(
                                TrafficClass.ANSWERS,
                                ToServer.newBuilder().setRecorded(RowFrames.keys(rows, from, to))));
            case ServerMessage.HomeTold(var by, long homeEpoch, long shardEpoch) ->
                sink.told(
                        TrafficClass.CALLS,
                        ToServer.newBuilder()
                                .setHomeTold(HomeTold.newBuilder()
                                        .setHomeEpoch(homeEpoch)
                                        .setShardEpoch(shardEpoch)));
            case ServerMessage.PostedLeft(var rows) ->
                Slices.of(
                        rows.size(),
                        (from, to) -> sink.told(
                                TrafficClass.CALLS,
                                ToServer.newBuilder().setPostedLeft(RowFrames.keys(rows, from, to))));
            case ServerMessage.Gated(long call, Gate gate, List<ShardTell> tells) -> {
                Gated.Builder gated = Gated.newBuilder().setCall(call).setGate(gate(gate));
                tells.forEach(
                        tell -> gated.addTells(ShardFrames.call(tell.message()).setShard(tell.shard())));
                sink.told(TrafficClass.CALLS, ToServer.newBuilder().setGated(gated));
            }
            default -> throw new IllegalArgumentException("crosses no host: " + message);
        }
    }

    private static void forward(ServerMessage.Forward forward, long now, ServerSink sink) {
        int size = forward.rows().size();
        int settled = forward.settled().size();
        Slices.of(Math.max(size, settled), (from, to) -> {
            Forward.Builder told = Forward.newBuilder()
                    .setShard(forward.shard())
                    .setShardEpoch(forward.shardEpoch())
                    .setDecidedRevision(forward.decidedRevision())
                    .setDecidedChange(forward.decidedChange())
                    .setRows(RowFrames.ioreqs(forward.rows(), Math.min(from, size), Math.min(to, size), now));
            SettledColumns marks = RowFrames.settled(forward.settled(), Math.min(from, settled), Math.min(to, settled));
            sink.told(TrafficClass.ACCESSES, ToServer.newBuilder().setForward(told.setSettled(marks)));
        });
    }

    /** In order with {@link #recall} and with the end of what is asked. One that asks about nothing says who decides the shard. */
    private static void ask(ServerMessage.Ask ask, long now, ServerSink sink) {
        int size = ask.rows().size();
        int returned = ask.returned().size();
        Slices.of(
                Math.max(1, Math.max(size, returned)),
                (from, to) -> sink.told(
                        TrafficClass.CALLS,
                        ToServer.newBuilder()
                                .setAsk(Ask.newBuilder()
                                        .setShard(ask.shard())
                                        .setShardEpoch(ask.shardEpoch())
                                        .setHomeEpoch(ask.homeEpoch())
                                        .setRows(RowFrames.ioreqs(
                                                ask.rows(), Math.min(from, size), Math.min(to, size), now))
                                        .setReturned(RowFrames.keys(
                                                ask.returned(), Math.min(from, returned), Math.min(to, returned))))));
    }

    /** Overtakes forwards: what it should have found goes back when it arrives. One with more keys than a frame has is told in several, of which the last is waited for. */
    private static void recall(ServerMessage.Recall recall, ServerSink sink) {
        int size = recall.rows().size();
        Slices.of(
                Math.max(1, size),
                (from, to) -> sink.told(
                        TrafficClass.CALLS,
                        ToServer.newBuilder()
                                .setRecall(Recall.newBuilder()
                                        .setShard(recall.shard())
                                        .setShardEpoch(recall.shardEpoch())
                                        .setRecall(to >= size ? recall.recall() : 0)
                                        .setChange(recall.change())
                                        .setRows(
                                                RowFrames.keys(recall.rows(), Math.min(from, size), Math.min(to, size)))
                                        .setDrainMs(recall.drainMillis()))));
    }

    /** To the vCPUs of a domain. */
    static void toVcpus(int domid, long generation, VcpusMessage message, PeerLink.Sink sink) {
        if (!(message instanceof VcpusMessage.ShardAnswers(int shard, var rows))) {
            throw new IllegalArgumentException("crosses no host: " + message);
        }
        Slices.of(
                rows.size(),
                (from, to) -> sink.frame(
                        TrafficClass.ANSWERS,
                        payload(domid, generation)
                                .setVcpus(ToVcpus.newBuilder()
                                        .setShard(shard)
                                        .setOutcomes(RowFrames.outcomes(rows, from, to)))
                                .build()));
    }

    /** To what carries out a domain's type calls. */
    static void toTypes(int domid, long generation, TypesMessage message, PeerLink.Sink sink) {
        if (!(message instanceof TypesMessage.Call call)) {
            throw new IllegalArgumentException("crosses no host: " + message);
        }
        sink.frame(
                TrafficClass.CALLS,
                payload(domid, generation).setTypes(toTypes(call)).build());
    }

    static ToTypes toTypes(TypesMessage.Call message) {
        ToTypes.Builder told = ToTypes.newBuilder();
        switch (message) {
            case TypesMessage.SetTypes types -> told.setSetTypes(RowFrames.runs(types.runs()));
            case TypesMessage.WriteAcross write -> {
                WriteAcross.Builder across = WriteAcross.newBuilder();
                write.pieces()
                        .forEach(piece -> across.addPieces(ShardPiece.newBuilder()
                                .setShard(piece.shard())
                                .setSegments(RowFrames.segments(piece.segments()))));
                told.setWriteAcross(across);
            }
        }
        message.gate().ifPresent(by -> told.setGate(gate(by)));
        message.request().ifPresent(name -> told.setRequest(MarkFrames.request(name)));
        return told.setCall(message.call()).build();
    }

    /** To whoever asked. */
    static void toAsker(int domid, long generation, CallAnswer answer, PeerLink.Sink sink) {
        CallResult.Builder result = CallResult.newBuilder().setCall(answer.call());
        switch (answer) {
            case CallAnswer.Done(long call, int shard, var refusal) ->
                result.setShard(shard).setDone(end(refusal));
            case CallAnswer.Read(long call, int shard, byte[] data) ->
                result.setShard(shard).setRead(UnsafeByteOperations.unsafeWrap(data));
            case CallAnswer.Listed(long call, int shard, var runs) ->
                result.setShard(shard).setListed(RowFrames.runs(runs));
            case CallAnswer.GatePassed(long call, var refusal) -> result.setGatePassed(end(refusal));
            case CallAnswer.Ended(long call, var refusal) -> result.setEnded(end(refusal));
            case CallAnswer.Settled(long call, int shard, FirstAnswer first) ->
                result.setShard(shard).setSettled(end(first.refusal()));
            case CallAnswer.Marked marked -> result.setShard(marked.shard()).setMarked(MarkFrames.marked(marked));
        }
        sink.frame(
                TrafficClass.ANSWERS,
                payload(domid, generation).setResult(result).build());
    }

    static CallEnd end(Optional<Refusal> refusal) {
        CallEnd.Builder end = CallEnd.newBuilder();
        refusal.ifPresent(why -> end.setRefusal(Statuses.toProto(why)));
        return end.build();
    }

    private static CallGate gate(Gate gate) {
        return CallGate.newBuilder()
                .setPrincipal(gate.principal())
                .setServer(gate.serverId())
                .setGeneration(gate.generation())
                .setSessionEpoch(gate.sessionEpoch())
                .setServing(RowFrames.keys(gate.serving(), 0, gate.serving().size()))
                .build();
    }

    // Back.

    /**
     * What a server is told.
     *
     * @param from who tells it
     * @param madeNanos when the frame was made, on this node's clock
     */
    static ServerMessage server(Life from, ToServer told, long madeNanos) {
        return switch (told.getMessageCase()) {
            case FORWARD -> {
                Forward forward = told.getForward();
                yield new ServerMessage.Forward(
                        shard(forward.getShard()),
                        forward.getShardEpoch(),
                        forward.getDecidedRevision(),
                        forward.getDecidedChange(),
                        RowFrames.ioreqs(forward.getRows(), madeNanos),
                        RowFrames.settled(forward.getSettled()));
            }
            case RECALL -> {
                Recall recall = told.getRecall();
                yield new ServerMessage.Recall(
                        shard(recall.getShard()),
                        recall.getShardEpoch(),
                        recall.getRecall(),
                        recall.getChange(),
                        RowFrames.keys(recall.getRows()),
                        Columns.within(recall.getDrainMs(), 0, Limit.MAX_DRAIN_MILLIS.intValue(), "recall.drain_ms"));
            }
            case RECORDED -> new ServerMessage.Recorded(RowFrames.keys(told.getRecorded()));
            case POSTED_LEFT -> new ServerMessage.PostedLeft(RowFrames.keys(told.getPostedLeft()));
            case GATED -> gated(told.getGated());
            case ASK -> {
                Ask ask = told.getAsk();
                yield new ServerMessage.Ask(
                        shard(ask.getShard()),
                        ask.getShardEpoch(),
                        ask.getHomeEpoch(),
                        RowFrames.ioreqs(ask.getRows(), madeNanos),
                        RowFrames.keys(ask.getReturned()));
            }
            case HOME_TOLD ->
                new ServerMessage.HomeTold(
                        from,
                        told.getHomeTold().getHomeEpoch(),
                        told.getHomeTold().getShardEpoch());
            case MESSAGE_NOT_SET -> throw new MalformedFrameException("server.message", "none", "no such message");
        };
    }

    private static ServerMessage.Gated gated(Gated gated) {
        List<ShardTell> tells = new ArrayList<>(gated.getTellsCount());
        for (ToShard tell : gated.getTellsList()) {
            ShardMessage.Call call = ShardFrames.decodeCall(tell);
            if (call.call() != gated.getCall()) {
                throw new MalformedFrameException("gated.tells", call, "another call than " + gated.getCall());
            }
            tells.add(new ShardTell(shard(tell.getShard()), call));
        }
        return new ServerMessage.Gated(gated.getCall(), gate(gated.getGate()), tells);
    }

    private static Gate gate(CallGate gate) {
        return new Gate(
                gate.getPrincipal(),
                server(gate.getServer()),
                gate.getGeneration(),
                gate.getSessionEpoch(),
                RowFrames.keys(gate.getServing()));
    }

    static VcpusMessage.ShardAnswers vcpus(ToVcpus told) {
        return new VcpusMessage.ShardAnswers(shard(told.getShard()), RowFrames.outcomes(told.getOutcomes()));
    }

    static TypesMessage.Call types(ToTypes told) {
        Optional<Gate> gate = told.hasGate() ? Optional.of(gate(told.getGate())) : Optional.empty();
        Optional<RequestName> request =
                told.hasRequest() ? Optional.of(MarkFrames.request(told.getRequest())) : Optional.empty();
        return switch (told.getMessageCase()) {
            case SET_TYPES ->
                new TypesMessage.SetTypes(told.getCall(), RowFrames.runs(told.getSetTypes()), gate, request);
            case WRITE_ACROSS -> {
                List<TypesMessage.Piece> pieces = new ArrayList<>();
                for (ShardPiece piece : told.getWriteAcross().getPiecesList()) {
                    pieces.add(new TypesMessage.Piece(
                            shard(piece.getShard()), RowFrames.segments(piece.getSegments(), true)));
                }
                yield new TypesMessage.WriteAcross(told.getCall(), pieces, gate, request);
            }
            case MESSAGE_NOT_SET -> throw new MalformedFrameException("types.message", "none", "no such message");
        };
    }

    static CallAnswer answer(CallResult result) {
        long call = result.getCall();
        int shard = shard(result.getShard());
        return switch (result.getResultCase()) {
            case DONE -> new CallAnswer.Done(call, shard, refusal(result.getDone()));
            case READ -> new CallAnswer.Read(call, shard, result.getRead().toByteArray());
            case LISTED -> new CallAnswer.Listed(call, shard, RowFrames.runs(result.getListed()));
            case GATE_PASSED -> new CallAnswer.GatePassed(call, refusal(result.getGatePassed()));
            case ENDED -> new CallAnswer.Ended(call, refusal(result.getEnded()));
            case SETTLED -> new CallAnswer.Settled(call, shard, firstAnswer(result.getSettled()));
            case MARKED -> MarkFrames.marked(call, shard, result.getMarked());
            case RESULT_NOT_SET -> throw new MalformedFrameException("result", "none", "no such result");
        };
    }

    static FirstAnswer firstAnswer(CallEnd end) {
        return new FirstAnswer(refusal(end));
    }

    private static Optional<Refusal> refusal(CallEnd end) {
        if (!end.hasRefusal()) {
            return Optional.empty();
        }
        Optional<Refusal> refusal = Statuses.fromProto(end.getRefusal());
        if (refusal.isEmpty()) {
            throw new MalformedFrameException("refusal", end.getRefusal().getCode(), "no refusal of section E");
        }
        return refusal;
    }

    static int shard(int index) {
        return Columns.within(index, 0, LAST_SHARD, "shard");
    }

    static int server(int id) {
        return Columns.within(id, 0, LAST_SERVER, "server");
    }
}
