package io.trapline.node.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.InvalidProtocolBufferException;
import io.trapline.internal.v1.Change;
import io.trapline.internal.v1.GetMark;
import io.trapline.internal.v1.Payload;
import io.trapline.internal.v1.StepApply;
import io.trapline.internal.v1.ToShard;
import io.trapline.model.AccessFlags;
import io.trapline.model.Errno;
import io.trapline.model.MemType;
import io.trapline.model.RangeSet;
import io.trapline.model.Refusal;
import io.trapline.model.TypeRun;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.p2m.MemoryBudget;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.FirstAnswer;
import io.trapline.node.protocol.Gate;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.Mark;
import io.trapline.node.protocol.RequestName;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardStep;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.protocol.TypesTxn;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.protocol.VcpusMessage;
import io.trapline.node.rows.AccessRows;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import io.trapline.node.rows.Segments;
import io.trapline.node.rows.SettledRows;
import io.trapline.node.shard.BufferAsk;
import io.trapline.node.shard.BufferMove;
import io.trapline.node.shard.BufferReply;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What actors tell each other, over a frame and back, and of which class it is (D-19). */
final class FramesTest {
    private static final Life FROM = new Life("a", 1);
    private static final long NOW = 5_000_000_000L;
    private static final int DOMID = 7;
    private static final long GENERATION = 70;
    private static final int SHARD = 3;

    private record Told(TrafficClass of, Payload payload) {}

    private static KeyRows keys(int size) {
        KeyRows keys = new KeyRows(size);
        for (int i = 0; i < size; i++) {
            keys.add(i % 4096, 9, i, 2);
        }
        return keys;
    }

    private static OutcomeRows outcomes(int size) {
        OutcomeRows rows = new OutcomeRows(size);
        for (int i = 0; i < size; i++) {
            rows.add(1, 9, i, 0, 77 + i, (byte) 0);
        }
        return rows;
    }

    private static IoreqRows ioreqs(int size) {
        IoreqRows rows = new IoreqRows(size);
        for (int i = 0; i < size; i++) {
            rows.add(1, 9, i, 0, (byte) 6, (byte) 1, (byte) 4, 4096L * i, 5, 1, 16, NOW + 1_000_000_000L);
        }
        return rows;
    }

    private static SettledRows settled(int size) {
        SettledRows rows = new SettledRows(size);
        for (int i = 0; i < size; i++) {
            rows.add(i, 9, 4);
        }
        return rows;
    }

    private static AccessRows accesses(int size) {
        AccessRows rows = new AccessRows(size);
        for (int i = 0; i < size; i++) {
            rows.add(1, 9, i, (byte) 6, 4096, 0, 1, 16, NOW + 1_000_000L * i, 12);
        }
        return rows;
    }

    private static Segments segments() {
        return new Segments(new long[] {4096, 10}, new int[] {3, 2}, new int[] {0, 3}, new byte[] {1, 2, 3, 4, 5});
    }

    private static final List<TypeRun> RUNS =
            List.of(new TypeRun(1, 2, MemType.HOLE), new TypeRun(9, 1, MemType.IOREQ_SERVER_3));

    private static final TypesTxn LATER = new TypesTxn(34, new Life("b", 5), 2);
    private static final TypesTxn TXN = new TypesTxn(30, new Life("p", 4), 12);
    private static final RequestName NAME = new RequestName(5, 7, 6, -3);
    private static final Refusal WHY = Refusal.of(Errno.EINVAL, "no").with("field", "runs[0]");
    private static final TypesMessage.Call CHANGE = new TypesMessage.SetTypes(0, RUNS, Optional.empty());
    private static final TypesMessage.Call NAMED_CHANGE =
            new TypesMessage.SetTypes(0, RUNS, Optional.empty(), Optional.of(NAME));
    private static final Gate GATE = new Gate("me", 5, 50, 60, keys(3));

    static Stream<ShardMessage> toShards() {
        BufferMove into = new BufferMove(1, 9, 4, 2, 8192, 3, true, new byte[] {7, 8, 9});
        BufferMove from = new BufferMove(1, 9, 4, 2, 8192, 3, false, new byte[3]);
        BufferMove check = new BufferMove(1, 9, 4, 2, 8192, 3, true, new byte[0]);
        return Stream.of(
                new ShardMessage.Accesses(FROM, accesses(5)),
                new ShardMessage.Completed(5, 77, outcomes(4)),
                new ShardMessage.DecideAgain(5, 77, keys(4)),
                new ShardMessage.PostedQueued(5, 77, keys(4)),
                new ShardMessage.PostedDone(5, 77, keys(4)),
                new ShardMessage.Recalled(5, 3),
                new BufferAsk(2, 8, 1, into),
                new BufferAsk(2, 8, 1, from),
                new BufferAsk(2, 8, 1, check),
                new BufferReply(8, 1, true, new byte[] {1}),
                new ShardMessage.CheckTypes(11, RUNS),
                new ShardMessage.CommitTypes(11, RUNS),
                new ShardMessage.ResetType(11, 3),
                new ShardMessage.ListTypes(11, 4, 5, 6),
                new ShardMessage.CheckSegments(11, segments()),
                new ShardMessage.ReadSegments(11, new long[] {4096, 10}, new int[] {3, 2}),
                new ShardMessage.WriteSegments(11, segments()),
                new ShardMessage.KeepMark(11, new Mark(TXN, CHANGE)),
                new ShardMessage.KeepMark(
                        11,
                        new Mark(
                                TXN,
                                new TypesMessage.WriteAcross(
                                        0, List.of(new TypesMessage.Piece(1, segments())), Optional.empty()))),
                new ShardMessage.KeepMark(11, new Mark(TXN, NAMED_CHANGE)),
                new ShardMessage.DropMark(11, TXN, Optional.empty()),
                new ShardMessage.DropMark(11, TXN, Optional.of(FirstAnswer.DONE)),
                new ShardMessage.DropMark(11, TXN, Optional.of(FirstAnswer.refused(WHY))),
                new ShardMessage.Once(NAME, new ShardMessage.CheckTypes(11, RUNS)),
                new ShardMessage.Once(NAME, new ShardMessage.CheckSegments(11, segments())),
                new ShardMessage.LetPass(
                        5, 77, new ShardMessage.Once(NAME, new ShardMessage.WriteSegments(11, segments()))),
                new ShardMessage.Part(TXN, TXN, new ShardMessage.Once(NAME, new ShardMessage.CommitTypes(11, RUNS))),
                new ShardMessage.Refused(11, NAME, WHY),
                new ShardMessage.SessionEnded(5),
                new ShardMessage.SessionAcknowledged(5, 9),
                new ShardMessage.GetMark(11, LATER),
                new ShardMessage.Part(TXN, LATER, new ShardMessage.CommitTypes(11, RUNS)),
                new ShardMessage.LetPass(
                        5, 77, new ShardMessage.Part(TXN, LATER, new ShardMessage.WriteSegments(11, segments()))),
                new ShardMessage.ChangeAck(30, 12));
    }

    @Test
    void onlyACallThatHasAFirstAnswerIsMadeUnderARequestId() {
        ToShard once = ShardFrames.call(new ShardMessage.Once(NAME, new ShardMessage.CommitTypes(11, RUNS)))
                .build();
        ToShard ofMark = once.toBuilder()
                .clearMessage()
                .setGetMark(GetMark.getDefaultInstance())
                .build();
        ToShard none = ShardFrames.call(new ShardMessage.Refused(11, NAME, WHY))
                .clearRequest()
                .build();
        ToShard late = once.toBuilder()
                .setRequest(once.getRequest().toBuilder().setAcknowledgedThrough(7))
                .build();

        for (ToShard told : List.of(ofMark, none, late)) {
            assertThatThrownBy(() -> ShardFrames.decode(FROM, told, NOW)).isInstanceOf(MalformedFrameException.class);
        }
    }

    @Test
    void onlyWhatChangesPagesIsAPartOfACall() {
        ToShard told = ShardFrames.call(new ShardMessage.Part(TXN, LATER, new ShardMessage.CommitTypes(11, RUNS)))
                .clearMessage()
                .setGetMark(GetMark.getDefaultInstance())
                .build();

        assertThatThrownBy(() -> ShardFrames.decode(FROM, told, NOW)).isInstanceOf(MalformedFrameException.class);
    }

    private static List<Told> shard(ShardMessage message, TrafficClass ofCalls) {
        List<Told> told = new ArrayList<>();
        Frames.toShard(
                DOMID, GENERATION, SHARD, message, ofCalls, NOW, (of, payload) -> told.add(new Told(of, payload)));
        return told;
    }

    private static Payload overTheWire(Told told) throws InvalidProtocolBufferException {
        Payload payload = Payload.parseFrom(told.payload().toByteArray());
        assertThat(payload.getSerializedSize())
                .as("both ends charge the same")
                .isEqualTo(told.payload().getSerializedSize());
        assertThat(payload.getDomid()).isEqualTo(DOMID);
        assertThat(payload.getDomainGeneration()).isEqualTo(GENERATION);
        return payload;
    }

    @ParameterizedTest
    @MethodSource("toShards")
    void whatAShardIsToldComesBackAsItWas(ShardMessage message) throws InvalidProtocolBufferException {
        Told told = shard(message, TrafficClass.CALLS).getFirst();
        Payload payload = overTheWire(told);

        ShardMessage back = ShardFrames.decode(FROM, payload.getShard(), NOW);

        assertThat(back).hasSameClassAs(message);
        assertThat(payload.getShard().getShard()).isEqualTo(SHARD);
        assertThat(shard(back, TrafficClass.CALLS)).containsExactly(told);
    }

    static Stream<ShardMessage> steps() {
        DecisionTable table = DecisionTable.builder(8)
                .state(DecisionTable.State.PAUSED)
                .changed(3, 5)
                .home(3, 4, 2)
                .enabledServer(
                        3,
                        RangeSet.of(new long[] {0x10_0000}, new long[] {0x10_0FFF}),
                        RangeSet.of(new long[] {0x60, 0x80}, new long[] {0x67, 0x80}),
                        RangeSet.EMPTY)
                .heldClaim(2, 3, AccessFlags.WRITE)
                .build();
        BitSet servers = new BitSet();
        servers.set(3);
        servers.set(63);
        Stream<ShardStep> others = Stream.of(
                new ShardStep.Applied(table, List.of(new VcpuOpening(4, 7)), servers),
                new ShardStep.Leased(true),
                new ShardStep.Leased(false),
                new ShardStep.Expired(NOW, true));
        return Stream.concat(
                        toShards()
                                .filter(message -> !(message instanceof ShardMessage.ChangeAck))
                                .map(ShardStep.Told::new),
                        others)
                .map(step -> new ShardMessage.Change(30, 12, false, NOW, new int[] {0, 3}, step));
    }

    @ParameterizedTest
    @MethodSource("steps")
    void aBackupIsToldOfAStepAsItWas(ShardMessage change) throws InvalidProtocolBufferException {
        Told told = shard(change, TrafficClass.CALLS).getFirst();

        ShardMessage back =
                ShardFrames.decode(new Life("b", 2), overTheWire(told).getShard(), NOW + 77);

        assertThat(told.of()).isEqualTo(TrafficClass.REPLICATION);
        assertThat(shard(back, TrafficClass.CALLS)).containsExactly(told);
        assertThat(((ShardMessage.Change) back).step()).hasSameClassAs(((ShardMessage.Change) change).step());
    }

    @Test
    void aStepOfManyRowsComesInSeveralMessages() {
        // The clock is the primary's: deadlines are not what is left of them here.
        ShardMessage.Accesses many = new ShardMessage.Accesses(FROM, accesses(RowFrames.MOST_ROWS + 1));
        List<Told> told = shard(
                new ShardMessage.Change(30, 12, false, NOW, new int[0], new ShardStep.Told(many)), TrafficClass.CALLS);

        assertThat(told)
                .extracting(each -> each.payload().getShard().getChange().getMore())
                .containsExactly(true, false);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, (256 << 10) - 1, 256 << 10, (256 << 10) + 1, MemoryBudget.CHUNK_BYTES})
    void aChunkComesInPiecesThatAreTheChunk(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        byte[] back = new byte[length];
        int come = 0;
        List<Told> told = shard(given(new ShardStep.Chunk(7, 0, bytes)), TrafficClass.CALLS);
        for (int i = 0; i < told.size(); i++) {
            ShardMessage.Change piece = (ShardMessage.Change)
                    ShardFrames.decode(FROM, told.get(i).payload().getShard(), NOW);
            ShardStep.Chunk chunk = (ShardStep.Chunk) piece.step();
            System.arraycopy(chunk.bytes(), 0, back, chunk.offset(), chunk.bytes().length);
            come += chunk.bytes().length;
            assertThat(chunk.chunk()).isEqualTo(7);
            assertThat(piece.more()).isEqualTo(i + 1 < told.size());
        }
        assertThat(come).isEqualTo(length);
        assertThat(back).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 256 << 10, 700_001})
    void anImageComesInPiecesThatAreTheImage(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        ByteArrayOutputStream back = new ByteArrayOutputStream();
        List<Told> told = shard(given(new ShardStep.Image(bytes, false)), TrafficClass.CALLS);
        for (int i = 0; i < told.size(); i++) {
            ShardMessage.Change piece = (ShardMessage.Change)
                    ShardFrames.decode(FROM, told.get(i).payload().getShard(), NOW);
            ShardStep.Image image = (ShardStep.Image) piece.step();
            back.writeBytes(image.bytes());
            assertThat(image.more()).isEqualTo(piece.more()).isEqualTo(i + 1 < told.size());
        }
        assertThat(back.toByteArray()).isEqualTo(bytes);
    }

    private static ShardMessage given(ShardStep part) {
        return new ShardMessage.Change(30, 12, false, NOW, new int[0], part);
    }

    @Test
    void aTableThatNoneCanBeIsMalformed() {
        ToShard told = ToShard.newBuilder()
                .setChange(Change.newBuilder().setApply(StepApply.getDefaultInstance()))
                .build();

        assertThatThrownBy(() -> ShardFrames.decode(FROM, told, NOW)).isInstanceOf(MalformedFrameException.class);
    }

    @Test
    void aBufferToBeReadHasRoomForWhatItHolds() {
        BufferMove from = new BufferMove(1, 9, 4, 2, 8192, 3, false, new byte[3]);
        Told told = shard(new BufferAsk(2, 8, 1, from), TrafficClass.CALLS).getFirst();

        BufferAsk back = (BufferAsk) ShardFrames.decode(FROM, told.payload().getShard(), NOW);

        assertThat(told.payload().getShard().getMoveBuffer().getData()).isEmpty();
        assertThat(back.piece().bytes()).hasSize(3);
    }

    static Stream<ServerMessage> toServers() {
        return Stream.of(
                new ServerMessage.Forward(SHARD, 40, 41, 42, ioreqs(6), settled(2)),
                new ServerMessage.Recall(SHARD, 31, 8, 42, keys(5), 100),
                new ServerMessage.PostedLeft(keys(2)),
                new ServerMessage.Ask(SHARD, 40, 41, ioreqs(6), keys(2)),
                new ServerMessage.HomeTold(FROM, 41, 40),
                new ServerMessage.Recorded(keys(3)),
                new ServerMessage.Gated(
                        11,
                        GATE,
                        List.of(
                                new ServerMessage.ShardTell(0, new ShardMessage.WriteSegments(11, segments())),
                                new ServerMessage.ShardTell(1, new ShardMessage.CommitTypes(11, RUNS)))));
    }

    private static List<Told> server(ServerMessage message) {
        List<Told> told = new ArrayList<>();
        Frames.toServer(DOMID, GENERATION, 5, 50, message, NOW, (of, payload) -> told.add(new Told(of, payload)));
        return told;
    }

    @ParameterizedTest
    @MethodSource("toServers")
    void whatAServerIsToldComesBackAsItWas(ServerMessage message) throws InvalidProtocolBufferException {
        Told told = server(message).getFirst();
        Payload payload = overTheWire(told);

        ServerMessage back = Frames.server(FROM, payload.getServer(), NOW);

        assertThat(back).hasSameClassAs(message);
        assertThat(payload.getServer().getId()).isEqualTo(5);
        assertThat(payload.getServer().getGeneration()).isEqualTo(50);
        assertThat(server(back)).containsExactly(told);
    }

    static Stream<CallAnswer> answers() {
        Refusal refusal = Refusal.of(Errno.EBUSY, "no").with("holder", 3);
        return Stream.of(
                new CallAnswer.Done(11, SHARD, Optional.empty()),
                new CallAnswer.Done(11, SHARD, Optional.of(refusal)),
                new CallAnswer.Listed(11, SHARD, RUNS),
                new CallAnswer.GatePassed(11, Optional.of(refusal)),
                new CallAnswer.Marked(11, SHARD, Optional.empty(), Optional.empty()),
                new CallAnswer.Marked(11, SHARD, Optional.of(TXN), Optional.of(new Mark(TXN, CHANGE))),
                new CallAnswer.Marked(11, SHARD, Optional.of(TXN), Optional.of(new Mark(TXN, NAMED_CHANGE))),
                new CallAnswer.Settled(11, SHARD, FirstAnswer.DONE),
                new CallAnswer.Settled(11, SHARD, FirstAnswer.refused(refusal)),
                new CallAnswer.Ended(11, Optional.empty()));
    }

    @ParameterizedTest
    @MethodSource("answers")
    void whatComesOfACallComesBackAsItWas(CallAnswer answer) throws InvalidProtocolBufferException {
        List<Told> told = new ArrayList<>();
        Frames.toAsker(DOMID, GENERATION, answer, (of, payload) -> told.add(new Told(of, payload)));

        assertThat(told.getFirst().of()).isEqualTo(TrafficClass.ANSWERS);
        assertThat(Frames.answer(overTheWire(told.getFirst()).getResult())).isEqualTo(answer);
    }

    @Test
    void typeCallsAndOutcomesComeBackAsTheyWere() throws InvalidProtocolBufferException {
        List<Told> told = new ArrayList<>();
        PeerLink.Sink sink = (of, payload) -> told.add(new Told(of, payload));
        Frames.toTypes(DOMID, GENERATION, new TypesMessage.SetTypes(11, RUNS, Optional.empty()), sink);
        Frames.toTypes(
                DOMID,
                GENERATION,
                new TypesMessage.WriteAcross(
                        11, List.of(new TypesMessage.Piece(1, segments())), Optional.of(GATE), Optional.of(NAME)),
                sink);
        Frames.toVcpus(DOMID, GENERATION, new VcpusMessage.ShardAnswers(SHARD, outcomes(3)), sink);
        List<Told> again = new ArrayList<>();
        PeerLink.Sink sinkAgain = (of, payload) -> again.add(new Told(of, payload));

        Frames.toTypes(DOMID, GENERATION, Frames.types(overTheWire(told.get(0)).getTypes()), sinkAgain);
        Frames.toTypes(DOMID, GENERATION, Frames.types(overTheWire(told.get(1)).getTypes()), sinkAgain);
        Frames.toVcpus(DOMID, GENERATION, Frames.vcpus(overTheWire(told.get(2)).getVcpus()), sinkAgain);

        assertThat(again).isEqualTo(told);
        assertThat(told.stream().map(Told::of))
                .containsExactly(TrafficClass.CALLS, TrafficClass.CALLS, TrafficClass.ANSWERS);
    }

    @Test
    void callsThatAServerHasLetPassAreInTheOrderOfItsAnswers() {
        ShardMessage call = new ShardMessage.WriteSegments(11, segments());

        assertThat(shard(call, TrafficClass.ANSWERS).getFirst().of()).isEqualTo(TrafficClass.ANSWERS);
        assertThat(shard(call, TrafficClass.CALLS).getFirst().of()).isEqualTo(TrafficClass.CALLS);
        assertThat(shard(new ShardMessage.Completed(5, 77, outcomes(1)), TrafficClass.CALLS)
                        .getFirst()
                        .of())
                .isEqualTo(TrafficClass.ANSWERS);
        assertThat(shard(new ShardMessage.Accesses(FROM, accesses(1)), TrafficClass.CALLS)
                        .getFirst()
                        .of())
                .isEqualTo(TrafficClass.ACCESSES);
    }

    @Test
    void manyRowsAreToldInSeveralFramesInOrder() {
        List<Told> told = shard(new ShardMessage.Accesses(FROM, accesses(20_000)), TrafficClass.CALLS);

        assertThat(told.stream()
                        .map(each -> each.payload().getShard().getAccesses().getRows()))
                .containsExactly(8192, 8192, 3616);
        assertThat(told).allMatch(each -> each.payload().getSerializedSize() <= 1 << 20);
        assertThat(((ShardMessage.Accesses)
                                ShardFrames.decode(FROM, told.get(2).payload().getShard(), NOW))
                        .rows()
                        .sequence(0))
                .isEqualTo(16_384);
    }

    @Test
    void onlyTheLastPartOfARecallIsAnswered() {
        List<Told> told = server(new ServerMessage.Recall(SHARD, 31, 8, 42, keys(9_000), 100));

        assertThat(told.stream()
                        .map(each -> each.payload().getServer().getRecall().getRecall()))
                .containsExactly(0L, 8L);
        assertThat(told.stream()
                        .mapToInt(each ->
                                each.payload().getServer().getRecall().getRows().getRows()))
                .containsExactly(8192, 808);
    }

    @Test
    void whatStaysAtTheNodeIsNotSent() {
        assertThatThrownBy(() -> shard(new ShardMessage.Tick(), TrafficClass.CALLS))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> server(new ServerMessage.Stop(Refusal.of(Errno.EAGAIN, "no"))))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
