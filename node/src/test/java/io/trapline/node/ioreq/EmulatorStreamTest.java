package io.trapline.node.ioreq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.trapline.internal.v1.AttachEmulator;
import io.trapline.internal.v1.ExecuteRequest;
import io.trapline.internal.v1.ExecuteResponse;
import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import io.trapline.node.ioreq.EmulatorWorld.Emulator;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.registry.MovedServer;
import io.trapline.rpc.Statuses;
import io.trapline.v1.AddCredit;
import io.trapline.v1.AnswerRows;
import io.trapline.v1.AnswersRejected;
import io.trapline.v1.AttachMode;
import io.trapline.v1.AttachRequest;
import io.trapline.v1.AttachResponse;
import io.trapline.v1.AttachServer;
import io.trapline.v1.IoreqServerCounters;
import io.trapline.v1.KeptRows;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Emulators' streams over gRPC: attach, answers, credit, and every way in which a stream ends. */
final class EmulatorStreamTest {
    private static final ActorTestKit KIT = ActorTestKit.create();

    private final EmulatorWorld world = new EmulatorWorld(KIT);

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    @AfterEach
    void close() {
        world.close();
    }

    private static AttachServer.Builder attach() {
        return AttachServer.newBuilder()
                .setDomid(EmulatorWorld.DOMID)
                .setDomainGeneration(EmulatorWorld.DOMAIN_GENERATION)
                .setId(ServerScene.ID)
                .setGeneration(ServerScene.GENERATION)
                .setRun(ServerScene.RUN)
                .setMode(AttachMode.ATTACH_MODE_ACTIVE)
                .setCredit(100);
    }

    private static AttachRequest request(AttachServer.Builder attach) {
        return AttachRequest.newBuilder().setAttach(attach).build();
    }

    private static AttachRequest answers(AnswerRows.Builder answers) {
        return AttachRequest.newBuilder().setAnswers(answers).build();
    }

    private Emulator attached() {
        Emulator emulator = world.emulator();
        emulator.requests.onNext(request(attach()));
        assertThat(emulator.response().getAttached().getSessionEpoch()).isEqualTo(world.registry.session);
        return emulator;
    }

    private IoreqServerCounters counters() {
        TestProbe<IoreqServerCounters> probe = world.kit.createTestProbe();
        world.server.tell(new ServerMessage.GetCounters(probe.getRef()::tell));
        return probe.receiveMessage();
    }

    private static Refusal refusal(Object heard) {
        if (heard instanceof Throwable failure) {
            return Statuses.fromThrowable(failure).orElseThrow(() -> new AssertionError(failure));
        }
        throw new AssertionError(heard);
    }

    private static void hasRefused(Emulator emulator, Errno errno, String... metadata) {
        Refusal refusal = refusal(emulator.next());
        assertThat(refusal.errno()).isEqualTo(errno);
        for (int i = 0; i < metadata.length; i += 2) {
            assertThat(refusal.metadata()).containsEntry(metadata[i], metadata[i + 1]);
        }
    }

    @Test
    @DisplayName("S5: an emulator attaches, is passed ioreqs, and its answers reach the shard")
    void servesAnIoreq() {
        Emulator emulator = attached();
        ExecuteRequest asked = world.registry.asked.getFirst();
        assertThat(asked.getAttachEmulator().getStream()).isNotZero();
        assertThat(world.registry.asked)
                .containsExactly(ExecuteRequest.newBuilder()
                        .setAttachEmulator(AttachEmulator.newBuilder()
                                .setPrincipal(ServerScene.PRINCIPAL)
                                .setDomid(EmulatorWorld.DOMID)
                                .setDomainGeneration(EmulatorWorld.DOMAIN_GENERATION)
                                .setId(ServerScene.ID)
                                .setGeneration(ServerScene.GENERATION)
                                .setRun(ServerScene.RUN)
                                .setNode("node-1")
                                .setStream(asked.getAttachEmulator().getStream()))
                        .build());

        world.forward(Row.of(0, 1).read(8), Row.of(0, 2));
        assertThat(emulator.response().getIoreqs().getSequenceList()).containsExactly(1L, 2L);
        emulator.requests.onNext(answers(AnswerRows.newBuilder()
                .addVcpuEpoch(Row.EPOCH)
                .addSequence(1)
                .addData(-1L)
                .addVcpuEpoch(Row.EPOCH)
                .addSequence(2)
                .addData(0)));

        ShardMessage.Completed completed = world.shard.expectMessageClass(ShardMessage.Completed.class);
        assertThat(completed.rows().size()).isEqualTo(2);
        assertThat(completed.rows().data(0)).isEqualTo(-1L);
    }

    static Stream<Arguments> refusedAttaches() {
        return Stream.of(
                refused(attach().setDomid(0), Errno.EINVAL, "field", "domid"),
                refused(attach().setDomid(0x7FF0), Errno.EINVAL, "field", "domid"),
                refused(attach().setDomid(-1), Errno.EINVAL, "value", "4294967295"),
                refused(attach().setId(64), Errno.EINVAL, "field", "id"),
                refused(attach().setGeneration(0), Errno.EINVAL, "field", "generation"),
                refused(attach().setRun(0), Errno.EINVAL, "field", "run"),
                refused(attach().setModeValue(9), Errno.EINVAL, "field", "mode"),
                refused(
                        attach().setMode(AttachMode.ATTACH_MODE_STANDBY).setResume(true),
                        Errno.EINVAL,
                        "field",
                        "resume"),
                refused(
                        attach().setMode(AttachMode.ATTACH_MODE_STANDBY).setKept(kept(1)),
                        Errno.EINVAL,
                        "field",
                        "kept"),
                refused(attach().setCredit(0), Errno.EINVAL, "field", "credit"),
                refused(attach().setCredit((1 << 20) + 1), Errno.EINVAL, "limit", "1048576"),
                refused(attach().setCredit(-1), Errno.EINVAL, "value", "4294967295"),
                refused(attach().setDomid(2), Errno.ESRCH, "domid", "2"),
                refused(attach().setDomainGeneration(9), Errno.ESRCH, "value", "9"),
                refused(attach().setId(8), Errno.ENOENT, "id", "8"),
                refused(attach().setGeneration(9), Errno.ENOENT, "generation", "9"),
                refused(attach().setKept(kept(1).clearVcpuEpoch()), Errno.EINVAL, "field", "kept.vcpu_epoch"),
                refused(attach().setKept(kept(4097)), Errno.EINVAL, "limit", "4096"));
    }

    private static Arguments refused(AttachServer.Builder attach, Errno errno, String key, String value) {
        return Arguments.of(attach.build(), errno, key, value);
    }

    private static KeptRows.Builder kept(int rows) {
        return KeptRows.newBuilder()
                .addAllVcpuEpoch(
                        LongStream.range(0, rows).map(i -> Row.EPOCH).boxed().toList())
                .addAllSequence(
                        LongStream.range(0, rows).map(i -> i + 1).boxed().toList());
    }

    @ParameterizedTest
    @MethodSource("refusedAttaches")
    @DisplayName("E: shape, then existence; the refusal names the field and its value")
    void refusesAWrongAttach(AttachServer attach, Errno errno, String key, String value) {
        Emulator emulator = world.emulator();

        emulator.requests.onNext(request(attach.toBuilder()));

        hasRefused(emulator, errno, key, value);
        assertThat(world.registry.asked).isEmpty();
        await().until(() -> world.service.attaching().size() == 0);
    }

    @Test
    @DisplayName("S3: only the server's creator may attach")
    void refusesAnotherPrincipalWithEperm() {
        Emulator emulator = new Emulator(world.channel, "mallory");

        emulator.requests.onNext(request(attach()));

        hasRefused(emulator, Errno.EPERM, "id", "7");
        assertThat(world.registry.asked).isEmpty();
    }

    @Test
    @DisplayName("D4: nobody attaches to a domain that has crashed")
    void refusesACrashedDomainWithEio() {
        world.put(true);
        Emulator emulator = world.emulator();

        emulator.requests.onNext(request(attach()));

        hasRefused(emulator, Errno.EIO, "domid", "1");
    }

    @Test
    void refusesAFirstMessageThatIsNoAttach() {
        for (AttachRequest first : List.of(
                AttachRequest.getDefaultInstance(),
                answers(AnswerRows.newBuilder()),
                AttachRequest.newBuilder()
                        .setCredit(AddCredit.newBuilder().setRows(1))
                        .build(),
                AttachRequest.newBuilder().setKept(kept(1)).build())) {
            Emulator emulator = world.emulator();
            emulator.requests.onNext(first);
            hasRefused(emulator, Errno.EINVAL, "field", "request");
        }
    }

    @Test
    @DisplayName("F6: kept rows of several messages are believed together")
    void resumesWithKeptRowsOfSeveralMessages() {
        Emulator first = attached();
        world.forward(Row.of(0, 1).read(4), Row.of(0, 2), Row.of(0, 3));
        assertThat(first.response().getIoreqs().getSequenceCount()).isEqualTo(3);
        cut(first);

        Emulator second = world.emulator();
        second.requests.onNext(request(attach().setKept(keptRow(1, 0x77, 0).setMore(true))));
        second.requests.onNext(AttachRequest.newBuilder()
                .setKept(keptRow(2, 0, 1).setMore(true))
                .build());
        second.requests.onNext(AttachRequest.newBuilder()
                .setKept(KeptRows.getDefaultInstance())
                .build());

        assertThat(second.response().hasAttached()).isTrue();
        ShardMessage.Completed completed = world.shard.expectMessageClass(ShardMessage.Completed.class);
        assertThat(completed.rows().keys().sequence(0)).isEqualTo(1);
        assertThat(completed.rows().data(0)).isEqualTo(0x77);
        AttachResponse again = second.response();
        assertThat(again.getIoreqs().getSequenceList()).containsExactly(3L);
        assertThat(again.getIoreqs().getMarks()).isEmpty();
    }

    private static KeptRows.Builder keptRow(long sequence, long answer, int underWay) {
        return KeptRows.newBuilder()
                .addVcpuEpoch(Row.EPOCH)
                .addSequence(sequence)
                .addData(answer)
                .setUnderWay(ByteString.copyFrom(new byte[] {(byte) underWay}));
    }

    private void cut(Emulator emulator) {
        emulator.requests.onError(Status.CANCELLED.asRuntimeException());
        await().until(() -> world.registry.session == 0);
    }

    @Test
    void refusesAnotherMessageWhereKeptRowsWereAnnounced() {
        Emulator emulator = world.emulator();

        emulator.requests.onNext(request(attach().setKept(keptRow(1, 0, 0).setMore(true))));
        emulator.requests.onNext(answers(AnswerRows.newBuilder()));

        hasRefused(emulator, Errno.EINVAL, "field", "request");
    }

    @Test
    @DisplayName("F6: at most a window and the parts of one access per vCPU are kept, in all messages together")
    void refusesMoreKeptRowsThanItsVcpusCanHave() {
        Emulator emulator = world.emulator();
        int limit = 2
                * (Limit.MAX_WINDOW.intValue()
                        + Limit.MAX_POSTED_WAITING.intValue()
                        + Limit.MAX_PARTS_PER_ACCESS.intValue());
        int full = limit / Limit.MAX_ROWS_PER_BATCH.intValue();

        emulator.requests.onNext(request(attach().setKept(kept(4096).setMore(true))));
        for (int i = 1; i < full; i++) {
            emulator.requests.onNext(
                    AttachRequest.newBuilder().setKept(kept(4096).setMore(true)).build());
        }
        emulator.requests.onNext(AttachRequest.newBuilder()
                .setKept(kept(limit - full * 4096 + 1))
                .build());

        hasRefused(emulator, Errno.EINVAL, "limit", Integer.toString(limit));
    }

    static Stream<Arguments> malformed() {
        UnaryOperator<AnswerRows.Builder> same = UnaryOperator.identity();
        return Stream.of(
                Arguments.of("vcpu_epoch", (UnaryOperator<AnswerRows.Builder>) rows -> rows.clearVcpuEpoch()),
                Arguments.of("vcpu", (UnaryOperator<AnswerRows.Builder>)
                        rows -> rows.addVcpu(0).addVcpu(1)),
                Arguments.of("vcpu", (UnaryOperator<AnswerRows.Builder>) rows -> rows.addVcpu(4096)),
                Arguments.of("vcpu", (UnaryOperator<AnswerRows.Builder>) rows -> rows.addVcpu(-1)),
                Arguments.of("part", (UnaryOperator<AnswerRows.Builder>)
                        rows -> rows.addPart(0).addPart(0)),
                Arguments.of("data", (UnaryOperator<AnswerRows.Builder>)
                        rows -> rows.addData(0).addData(0)),
                Arguments.of("sequence", (UnaryOperator<AnswerRows.Builder>) rows -> same.apply(rows)
                        .addAllSequence(LongStream.range(0, 4096).boxed().toList())));
    }

    @ParameterizedTest
    @MethodSource("malformed")
    @DisplayName("E: a malformed batch is rejected whole, and the stream goes on")
    void rejectsAMalformedBatchAndGoesOn(String field, UnaryOperator<AnswerRows.Builder> spoil) {
        Emulator emulator = attached();
        world.forward(Row.of(0, 1));
        emulator.response();

        emulator.requests.onNext(answers(spoil.apply(
                AnswerRows.newBuilder().setBatchId(42).addVcpuEpoch(Row.EPOCH).addSequence(1))));

        AnswersRejected rejected = emulator.response().getRejected();
        assertThat(rejected.getBatchId()).isEqualTo(42);
        assertThat(Statuses.fromProto(rejected.getStatus())
                        .map(Refusal::metadata)
                        .orElse(Map.of())
                        .get("field"))
                .endsWith(field);
        world.shard.expectNoMessage();
        emulator.requests.onNext(
                answers(AnswerRows.newBuilder().addVcpuEpoch(Row.EPOCH).addSequence(1)));
        world.shard.expectMessageClass(ShardMessage.Completed.class);
    }

    @Test
    void rejectsWhatBelongsBeforeTheSessionAndGoesOn() {
        Emulator emulator = attached();
        List<AttachRequest> wrong = List.of(
                request(attach()),
                AttachRequest.newBuilder().setKept(kept(1)).build(),
                AttachRequest.getDefaultInstance(),
                AttachRequest.newBuilder()
                        .setCredit(AddCredit.newBuilder().setRows(-1))
                        .build(),
                AttachRequest.newBuilder()
                        .setCredit(AddCredit.newBuilder().setRows(1 << 20))
                        .build());

        // More than may be on their way at a time.
        List<AttachResponse> heard = new ArrayList<>();
        for (int round = 0; round < 10; round++) {
            wrong.forEach(emulator.requests::onNext);
            wrong.forEach(request -> heard.add(emulator.response()));
        }

        assertThat(heard).allMatch(AttachResponse::hasRejected);
        assertThat(counters().getDelivered()).isZero();
    }

    @Test
    @DisplayName("F1: answers that fit nothing are refused and counted; the stream goes on")
    void countsAnswersThatFitNothing() {
        Emulator emulator = attached();

        emulator.requests.onNext(answers(AnswerRows.newBuilder().addVcpuEpoch(1).addSequence(1)));
        emulator.requests.onNext(answers(AnswerRows.newBuilder()));

        await().until(() -> counters().getRefusedAnswers() == 1);
        assertThat(world.refusedAnswers.sum()).isEqualTo(1);
        world.forward(Row.of(0, 1));
        assertThat(emulator.response().hasIoreqs()).isTrue();
    }

    @Test
    @DisplayName("S5: a later attach takes over, and the earlier stream ends with ABORTED")
    void fencesTheEarlierStream() {
        Emulator first = attached();
        world.forward(Row.of(0, 1));
        assertThat(first.response().hasIoreqs()).isTrue();

        Emulator second = world.emulator();
        second.requests.onNext(request(attach().setRun(99)));

        assertThat(second.response().hasAttached()).isTrue();
        assertThat(second.response().getIoreqs().getMarks().byteAt(0)).isEqualTo((byte) 1);
        Object end = first.next();
        assertThat(Status.fromThrowable((Throwable) end).getCode()).isEqualTo(Status.Code.ABORTED);
        assertThat(refusal(end).errno()).isEqualTo(Errno.ESTALE);
        assertThat(world.registry.asked).noneMatch(ExecuteRequest::hasDetachEmulator);
    }

    @Test
    @DisplayName("F4: when the stream is lost the session ends and rows wait for the next emulator")
    void rowsWaitWhenTheStreamIsLost() {
        Emulator first = attached();
        cut(first);
        world.forward(Row.of(0, 1));
        world.shard.expectNoMessage();

        Emulator second = attached();

        assertThat(second.response().getIoreqs().getSequenceList()).containsExactly(1L);
    }

    @Test
    void endsTheStreamOfAnEmulatorThatHasFinished() {
        Emulator emulator = attached();

        emulator.requests.onCompleted();

        assertThat(emulator.next()).isEqualTo("completed");
        await().until(() -> world.registry.session == 0);
        Emulator early = world.emulator();
        early.requests.onCompleted();
        assertThat(early.next()).isEqualTo("completed");
    }

    @Test
    void endsTheSessionOfAnEmulatorThatWentWhileItBegan() {
        world.registry.waits = true;
        Emulator emulator = world.emulator();
        emulator.requests.onNext(request(attach()));
        await().until(() -> !world.registry.waiting.isEmpty());
        emulator.requests.onError(Status.CANCELLED.asRuntimeException());

        world.registry.waits = false;
        world.registry.waiting.remove().run();

        await().until(() -> world.registry.asked.stream().anyMatch(ExecuteRequest::hasDetachEmulator));
        await().until(() -> world.registry.session == 0);
        assertThat(world.service.attaching().size()).isZero();
    }

    @Test
    @DisplayName(
            "D-22: a stream ends as its server gets another home before it knows of the session, and the server goes on")
    void survivesAStreamThatHasEndedBeforeItIsBound() {
        Runnable moved = () -> MovedServer.tell(world.calls, ServerScene.ID, 1);
        world.registry.beforeAnswer = moved;
        Emulator early = world.emulator();
        early.requests.onNext(request(attach()));
        hasRefused(early, Errno.EAGAIN, "effect", "unknown");

        world.put(false, 1);
        world.registry.beforeAnswer = () -> {};
        world.registry.afterAnswer = () -> MovedServer.tell(world.calls, ServerScene.ID, 2);
        Emulator late = world.emulator();
        late.requests.onNext(request(attach()));
        hasRefused(late, Errno.EAGAIN, "effect", "unknown");

        world.put(false, 2);
        world.registry.afterAnswer = () -> {};
        Emulator emulator = attached();
        world.forward(Row.of(0, 1));
        assertThat(emulator.response().getIoreqs().getSequenceList()).containsExactly(1L);
    }

    @Test
    void aFailedProposalIsEagainAndARefusedOneWhatTheRegistrySaid() {
        world.registry.failure = Status.UNAVAILABLE.asRuntimeException();
        Emulator unlucky = world.emulator();
        unlucky.requests.onNext(request(attach()));
        hasRefused(unlucky, Errno.EAGAIN);

        world.registry.failure = null;
        world.registry.refusal = ExecuteResponse.newBuilder()
                .setRefusal(Statuses.toProto(Refusal.noServer(1, 7)))
                .build();
        Emulator refused = world.emulator();
        refused.requests.onNext(request(attach()));
        hasRefused(refused, Errno.ENOENT, "id", "7");
    }

    @Test
    void endsTheStreamWhenTheServerIsDestroyed() {
        Emulator emulator = attached();

        world.server.tell(new ServerMessage.Stop(Refusal.noServer(EmulatorWorld.DOMID, ServerScene.ID)));

        hasRefused(emulator, Errno.ENOENT, "id", "7");
    }

    @Test
    void keepsFewStreamsThatAttachAtATime() {
        List<Emulator> emulators = new ArrayList<>();
        for (int i = 0; i < AttachingStreams.MOST_PER_SERVER + 1; i++) {
            Emulator emulator = world.emulator();
            emulator.requests.onNext(request(attach().setKept(keptRow(1, 0, 0).setMore(true))));
            emulators.add(emulator);
        }

        hasRefused(emulators.getFirst(), Errno.EAGAIN, "limit", "4");
        emulators
                .getLast()
                .requests
                .onNext(AttachRequest.newBuilder()
                        .setKept(KeptRows.getDefaultInstance())
                        .build());
        assertThat(emulators.getLast().response().hasAttached()).isTrue();
    }
}
