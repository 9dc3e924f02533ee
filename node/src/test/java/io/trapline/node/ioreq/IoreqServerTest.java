package io.trapline.node.ioreq;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.AccessFlags;
import io.trapline.model.Errno;
import io.trapline.model.RangeSet;
import io.trapline.model.Refusal;
import io.trapline.node.lease.ServingGate;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.Drain;
import io.trapline.node.protocol.EmulatorLine;
import io.trapline.node.protocol.Gate;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import io.trapline.node.rows.Segments;
import io.trapline.node.rows.SettledRows;
import io.trapline.v1.AttachResponse;
import io.trapline.v1.Bufioreq;
import io.trapline.v1.IoreqServerCounters;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.BehaviorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The actor: messages become steps, effects become messages, and time comes by timers. */
final class IoreqServerTest {
    private static final int DOMID = 1;
    private static final long DOMAIN_GENERATION = 2;
    private static final long EPOCH = 20;

    private final ActorTestKit kit = ActorTestKit.create(ManualTime.config());
    private final ManualTime time = ManualTime.get(kit.system());
    private final AtomicLong clock = new AtomicLong(1_000_000_000L);
    private final ServingGate gate = leased(clock::get);
    private final TestProbe<ShardMessage> shard = kit.createTestProbe();
    private final List<Long> drained = new ArrayList<>();
    private final List<CallAnswer> gates = new ArrayList<>();
    private final RecordingOutlet outlet = new RecordingOutlet();
    private final ActorRef<ServerMessage> server = kit.spawn(IoreqServer.create(
            DOMID,
            DOMAIN_GENERATION,
            ServerScene.ID,
            ServerScene.GENERATION,
            List.of(shard.getRef()::tell),
            gates::add,
            drained::add,
            answers -> {},
            gate,
            clock::get));

    private static ServingGate leased(LongSupplier clock) {
        ServingGate gate = new ServingGate(clock);
        gate.open(clock.getAsLong() + Duration.ofDays(1).toNanos());
        return gate;
    }

    @AfterEach
    void stop() {
        kit.shutdownTestKit();
    }

    private static ServerView view(boolean enabled, long sessionEpoch, long changedRevision) {
        int[] claims = new int[16];
        claims[0] = AccessFlags.WRITE;
        return new ServerView(
                ServerScene.ID,
                ServerScene.GENERATION,
                ServerScene.PRINCIPAL,
                enabled,
                true,
                5_000,
                claims,
                RangeSet.EMPTY,
                RangeSet.EMPTY,
                RangeSet.EMPTY,
                sessionEpoch,
                sessionEpoch == 0 ? 0 : ServerScene.RUN,
                changedRevision,
                0,
                0,
                EmulatorLine.NONE);
    }

    private void apply(long revision, ServerView view, Drain... drains) {
        TestProbe<String> applied = kit.createTestProbe();
        server.tell(new ServerMessage.Apply(
                revision,
                view,
                Map.of(),
                false,
                List.of(),
                List.of(drains),
                () -> applied.getRef().tell("applied")));
        applied.expectMessage("applied");
    }

    private void attach() {
        apply(EPOCH, view(true, EPOCH, EPOCH));
        server.tell(bind(outlet, EPOCH));
        settle();
    }

    private static ServerMessage bind(EmulatorOutlet outlet, long epoch) {
        return new IoreqServer.Bind(outlet, epoch, ServerScene.RUN, 100, new KeptRequests(), refusal -> {
            if (refusal.isPresent()) {
                outlet.end(refusal.get());
            }
        });
    }

    /** Everything told so far has been worked on. */
    private IoreqServerCounters settle() {
        TestProbe<IoreqServerCounters> probe = kit.createTestProbe();
        server.tell(new ServerMessage.GetCounters(probe.getRef()::tell));
        return probe.receiveMessage();
    }

    private void forward(Row... rows) {
        IoreqRows columns = new IoreqRows(rows.length);
        for (Row row : rows) {
            row.addTo(columns, clock.get());
        }
        server.tell(new ServerMessage.Forward(0, 1, EPOCH, 0, columns, new SettledRows(0)));
    }

    private void answer(Row row) {
        OutcomeRows rows = new OutcomeRows(1);
        rows.add(row.vcpu(), row.vcpuEpoch(), row.sequence(), row.part(), 0, Errno.OK);
        server.tell(new IoreqServer.Answers(outlet, EPOCH, rows));
    }

    private void pass(Duration duration) {
        clock.addAndGet(duration.toNanos());
        time.timePasses(duration);
    }

    @Test
    void passesRowsToTheStreamAndAnswersToTheShard() {
        attach();
        forward(Row.of(3, 1), Row.of(3, 2).post());
        shard.expectMessageClass(ShardMessage.PostedQueued.class);
        settle();

        assertThat(outlet.sent.getFirst().getAttached().getSessionEpoch()).isEqualTo(EPOCH);
        assertThat(outlet.sent.getFirst().getAttached().getTimeoutMs()).isEqualTo(5_000);
        assertThat(outlet.sent.getFirst().getAttached().getBufioreq()).isEqualTo(Bufioreq.BUFIOREQ_ATOMIC);
        assertThat(outlet.sent.getFirst().getAttached().getDomainGeneration()).isEqualTo(DOMAIN_GENERATION);
        assertThat(outlet.last().getIoreqs().getSequenceList()).containsExactly(1L, 2L);
        assertThat(outlet.last().getIoreqs().getVcpuList()).containsExactly(3, 3);
        assertThat(outlet.last().getIoreqs().getMarks().toByteArray()).containsExactly(0, 2);
        assertThat(outlet.last().getIoreqs().getClaimedType().toByteArray()).containsExactly(0, 0);
        assertThat(outlet.last().getIoreqs().getPartList()).isEmpty();
        assertThat(outlet.last().getIoreqs().getDecidedRevision()).isEqualTo(EPOCH);

        answer(Row.of(3, 1));
        assertThat(shard.expectMessageClass(ShardMessage.Completed.class).serverId())
                .isEqualTo(ServerScene.ID);
        answer(Row.of(3, 2));
        shard.expectMessageClass(ShardMessage.PostedDone.class);
        assertThat(settle().getAnswered()).isEqualTo(2);
        assertThat(outlet.taken).hasValue(2);
    }

    @Test
    @DisplayName("F4: a row times out by the server's timeout, without anybody's message")
    void failsARowWhenItsTimeIsOver() {
        attach();
        forward(Row.of(0, 1));
        settle();
        pass(Duration.ofMillis(4_999));
        shard.expectNoMessage();

        pass(Duration.ofMillis(50));

        ShardMessage.Completed completed = shard.expectMessageClass(ShardMessage.Completed.class);
        assertThat(completed.rows().errno(0)).isEqualTo((byte) Errno.ETIMEDOUT.number());
        assertThat(settle().getTimedOut()).isEqualTo(1);
    }

    @Test
    void asksForNoTimerWhileNothingIsInFlight() {
        BehaviorTestKit<ServerMessage> idle = BehaviorTestKit.create(IoreqServer.create(
                DOMID,
                DOMAIN_GENERATION,
                ServerScene.ID,
                ServerScene.GENERATION,
                List.of(shard.getRef()::tell),
                gates::add,
                drained::add,
                answers -> {},
                gate,
                clock::get));

        idle.run(new ServerMessage.Apply(
                EPOCH, view(true, EPOCH, EPOCH), Map.of(), false, List.of(), List.of(), () -> {}));
        idle.run(bind(outlet, EPOCH));

        assertThat(idle.hasEffects()).isFalse();
        IoreqRows rows = new IoreqRows(1);
        Row.of(0, 1).addTo(rows, clock.get());
        idle.run(new ServerMessage.Forward(0, 1, EPOCH, 0, rows, new SettledRows(0)));
        assertThat(idle.hasEffects()).isTrue();
    }

    @Test
    @DisplayName("F5: a drain is over when what it caught is answered")
    void saysWhenADrainIsOver() {
        attach();
        forward(Row.of(0, 1), Row.of(0, 2));
        apply(21, view(false, EPOCH, 21), new Drain(21, -1, 1_000));
        assertThat(drained).isEmpty();

        answer(Row.of(0, 1));
        settle();
        assertThat(drained).isEmpty();
        pass(Duration.ofMillis(1_050));

        shard.expectMessageClass(ShardMessage.Completed.class);
        shard.expectMessageClass(ShardMessage.DecideAgain.class);
        settle();
        assertThat(drained).containsExactly(21L);
    }

    @Test
    @DisplayName("F2: what passes the gate stays in order with the server's completions")
    void tellsShardsInOrderWhatPassesTheGate() {
        attach();
        forward(Row.of(0, 1));

        server.tell(gated(1, Row.of(0, 1)));
        answer(Row.of(0, 1));
        server.tell(gated(2, Row.of(0, 1)));

        ShardMessage.LetPass passed = shard.expectMessageClass(ShardMessage.LetPass.class);
        assertThat(passed.inner()).isInstanceOf(ShardMessage.WriteSegments.class);
        shard.expectMessageClass(ShardMessage.Completed.class);
        shard.expectNoMessage();
        settle();
        assertThat(gates.get(0)).isEqualTo(new CallAnswer.GatePassed(1, Optional.empty()));
        assertThat(gates.get(1)).isInstanceOfSatisfying(CallAnswer.GatePassed.class, refused -> {
            assertThat(refused.call()).isEqualTo(2);
            assertThat(refused.refusal().map(Refusal::errno)).contains(Errno.ESTALE);
        });
    }

    private static ServerMessage gated(long call, Row serving) {
        Segments segments = new Segments(new long[0], new int[0], new int[0], new byte[0]);
        return new ServerMessage.Gated(
                call,
                new Gate(ServerScene.PRINCIPAL, ServerScene.ID, ServerScene.GENERATION, EPOCH, Row.keys(serving)),
                List.of(new ServerMessage.ShardTell(0, new ShardMessage.WriteSegments(call, segments))));
    }

    @Test
    @DisplayName("S5: a newer session ends the stream of the one before")
    void endsTheStreamOfAFencedSession() {
        attach();

        apply(21, view(true, 21, 21));

        assertThat(outlet.ended).isNotNull().extracting(Refusal::errno).isEqualTo(Errno.ESTALE);
        RecordingOutlet next = new RecordingOutlet();
        server.tell(bind(next, 21));
        settle();
        assertThat(next.last().getAttached().getSessionEpoch()).isEqualTo(21);
        RecordingOutlet late = new RecordingOutlet();
        server.tell(bind(late, EPOCH));
        settle();
        assertThat(late.ended).isNotNull().extracting(Refusal::errno).isEqualTo(Errno.ESTALE);
        assertThat(late.sent).isEmpty();
        assertThat(next.ended).isNull();
    }

    @Test
    void sendsNothingWhileTheStreamTakesNothing() {
        attach();
        outlet.ready = false;
        forward(Row.of(0, 1));
        forward(Row.of(0, 2));
        settle();
        assertThat(ioreqs()).isEqualTo(1);

        server.tell(new IoreqServer.Ready(EPOCH));

        settle();
        assertThat(ioreqs()).isEqualTo(2);
    }

    private long ioreqs() {
        return outlet.sent.stream().filter(AttachResponse::hasIoreqs).count();
    }

    @Test
    void rejectsAMalformedMessageAndGoesOn() {
        attach();

        server.tell(new IoreqServer.Malformed(outlet, EPOCH, 77, Refusal.invalid("vcpu", 4096, "too high")));
        server.tell(new IoreqServer.Credit(outlet, EPOCH, 1 << 20));
        settle();

        assertThat(outlet.sent.get(1).getRejected().getBatchId()).isEqualTo(77);
        assertThat(outlet.sent.get(2).getRejected().getBatchId()).isZero();
        assertThat(outlet.ended).isNull();
        assertThat(outlet.taken).hasValue(2);
    }

    @Test
    void aFinishedEmulatorIsLetGoAndRowsWaitForTheNext() {
        attach();

        server.tell(new IoreqServer.Finished(outlet, EPOCH));
        forward(Row.of(0, 1));
        settle();

        assertThat(outlet.finished).isTrue();
        assertThat(ioreqs()).isZero();
    }

    @Test
    void endsTheStreamWhenTheServerIsGone() {
        attach();

        server.tell(new ServerMessage.Stop(Refusal.noServer(DOMID, ServerScene.ID)));

        shard.expectTerminated(server);
        assertThat(outlet.ended).isNotNull().extracting(Refusal::errno).isEqualTo(Errno.ENOENT);
    }

    @Test
    void endsTheStreamWithEagainWhenTheActorFails() {
        attach();

        server.tell(new ServerMessage() {});

        shard.expectTerminated(server);
        assertThat(outlet.ended).isNotNull().extracting(Refusal::errno).isEqualTo(Errno.EAGAIN);
    }

    @Test
    @DisplayName(
            "D-11: without a lease nothing is delivered and no answer is believed; when there is one again, both are, answers first")
    void waitsForTheLease() {
        attach();
        forward(Row.of(0, 1));
        settle();
        assertThat(outlet.batches()).isEqualTo(1);
        clock.addAndGet(Duration.ofDays(1).toNanos());
        int taken = outlet.taken.get();

        forward(Row.of(0, 2));
        server.tell(new ServerMessage.Gated(
                8, gateFor(Row.of(0, 1)), List.of(new ServerMessage.ShardTell(0, new ShardMessage.ResetType(8, 1)))));
        answer(Row.of(0, 1));

        IoreqServerCounters waiting = settle();
        assertThat(waiting.getAnswered()).isZero();
        assertThat(waiting.getTimedOut()).isZero();
        assertThat(outlet.batches()).isEqualTo(1);
        assertThat(outlet.taken.get()).isEqualTo(taken);
        shard.expectNoMessage();
        assertThat(gates).isEmpty();
        gate.open(clock.get() + Duration.ofDays(1).toNanos());

        // F2: a call before the answer that followed it.
        assertThat(shard.expectMessageClass(ShardMessage.LetPass.class).inner())
                .isInstanceOf(ShardMessage.ResetType.class);
        assertThat(shard.expectMessageClass(ShardMessage.Completed.class).rows().errno(0))
                .isEqualTo(Errno.OK);
        assertThat(settle().getAnswered()).isEqualTo(1);
        assertThat(gates).containsExactly(new CallAnswer.GatePassed(8, Optional.empty()));
        assertThat(outlet.batches()).isEqualTo(2);
        assertThat(outlet.taken.get()).isEqualTo(taken + 1);
    }

    private static Gate gateFor(Row row) {
        KeyRows keys = new KeyRows(1);
        keys.add(row.vcpu(), row.vcpuEpoch(), row.sequence(), row.part());
        return new Gate(ServerScene.PRINCIPAL, ServerScene.ID, ServerScene.GENERATION, EPOCH, keys);
    }
}
