package io.trapline.node.shard;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.AccessAttributes;
import io.trapline.model.Errno;
import io.trapline.model.MemType;
import io.trapline.model.RangeSet;
import io.trapline.model.Refusal;
import io.trapline.model.TypeRun;
import io.trapline.node.fixture.HeapBudget;
import io.trapline.node.fixture.ManualClock;
import io.trapline.node.lease.ServingGate;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.FirstAnswer;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.Mark;
import io.trapline.node.protocol.RequestName;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.SessionsHere;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardPlace;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.protocol.TypesTxn;
import io.trapline.node.protocol.VcpusMessage;
import io.trapline.node.rows.AccessRows;
import io.trapline.node.rows.OutcomeRows;
import io.trapline.node.rows.Segments;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.actor.testkit.typed.javadsl.BehaviorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestInbox;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The actor of a shard, message by message. */
final class P2mShardTest {
    private static final Life GUESTS = new Life("n1", 1);

    private static final ShardPlace PLACE = ShardPlace.solo(GUESTS, 5);
    private static final long LASTS = 1_000;
    private static final long GPA = 1L << 30;

    private final TestInbox<ShardMessage> peer = TestInbox.create();
    private final TestInbox<VcpusMessage> vcpus = TestInbox.create();
    private final List<CallAnswer> answers = new ArrayList<>();
    private final ManualClock clock = new ManualClock();
    private final ServingGate gate = new ServingGate(clock);
    private final BehaviorTestKit<ShardMessage> shard = BehaviorTestKit.create(P2mShard.create(
            1,
            new ShardMap(new long[] {0, 1 << 18}),
            3 << 18,
            new HeapBudget(),
            new P2mShard.Surroundings(
                    GUESTS,
                    List.of(peer.getRef()::tell, nobody -> {}),
                    life -> nobody -> {},
                    guests -> vcpus.getRef()::tell,
                    answers::add,
                    false,
                    1,
                    (place, silentNanos) -> {},
                    place -> {},
                    place -> {},
                    place -> {},
                    (place, silentNanos) -> {},
                    gate,
                    SessionsHere.ENDLESS)));

    P2mShardTest() {
        open();
    }

    private void open() {
        gate.open(clock.getAsLong() + LASTS);
    }

    private void apply(long revision, DecisionTable.State state) {
        DecisionTable table = DecisionTable.builder(revision).state(state).build();
        shard.run(new ShardMessage.Apply(PLACE, table, List.of(), Map.of(), () -> {}));
    }

    @Test
    @DisplayName(
            "V-14, T6: what an entry that was replaced has refused is not refused once another has asked: it may be carried out since")
    void keepsNoRefusalOfAnEntryThatWasReplaced() {
        apply(9, DecisionTable.State.RUNNING);
        TypesTxn former = new TypesTxn(5, GUESTS, 1);
        TypesTxn present = new TypesTxn(6, new Life("n2", 1), 1);
        TypesMessage.WriteAcross write =
                new TypesMessage.WriteAcross(1, List.of(), Optional.empty(), Optional.of(new RequestName(3, 1, 0, 77)));
        FirstAnswer refused = FirstAnswer.refused(Refusal.of(Errno.ESTALE, "the ioreq is not under way"));
        shard.run(new ShardMessage.KeepMark(7, new Mark(former, write)));
        shard.run(new ShardMessage.GetMark(8, present));

        shard.run(new ShardMessage.DropMark(9, former, Optional.of(refused)));
        assertThat(refusal(9)).contains(Errno.EAGAIN);
        shard.run(new ShardMessage.GetMark(10, present));
        assertThat(((CallAnswer.Marked) answers.getLast()).kept()).isPresent();

        shard.run(new ShardMessage.DropMark(11, former, Optional.empty()));
        assertThat(refusal(11)).as("the present one drops it").isEmpty();
        shard.run(new ShardMessage.DropMark(12, former, Optional.of(refused)));
        assertThat(refusal(12)).contains(Errno.EAGAIN);
    }

    private Optional<Errno> refusal(long call) {
        CallAnswer.Done done = (CallAnswer.Done) answers.getLast();
        assertThat(done.call()).isEqualTo(call);
        return done.refusal().map(Refusal::errno);
    }

    @Test
    @DisplayName("D1: what another shard's access moves into a buffer here waits while the domain is paused")
    void movesNoPeersBufferWhilePaused() {
        apply(9, DecisionTable.State.RUNNING);
        apply(10, DecisionTable.State.PAUSED);
        BufferMove move = new BufferMove(0, 7, 1, 0, 1L << 30, 1, true, new byte[] {0x55});

        shard.run(new BufferAsk(0, 1, 0, move));
        assertThat(peer.hasMessages()).isFalse();
        apply(11, DecisionTable.State.RUNNING);

        BufferReply reply = (BufferReply) peer.receiveMessage();
        assertThat(reply.call()).isEqualTo(1);
        assertThat(reply.ok()).isTrue();
        assertThat(reply.bytes()).isEmpty();
    }

    @Test
    @DisplayName(
            "A4: what is moved into a buffer is moved once, though whoever goes on with the other shard asks again")
    void movesIntoABufferOnce() {
        apply(9, DecisionTable.State.RUNNING);
        BufferMove move = new BufferMove(0, 7, 1, 0, 1L << 30, 1, true, new byte[] {0x55});
        shard.run(new BufferAsk(0, 2, 0, move));
        shard.run(new ShardMessage.WriteSegments(
                7, new Segments(new long[] {1L << 30}, new int[] {1}, new int[] {0}, new byte[] {0x66})));

        shard.run(new BufferAsk(0, 2, 0, move));
        shard.run(new BufferAsk(0, 1, 0, move));

        assertThat(peer.getAllReceived())
                .extracting(reply -> ((BufferReply) reply).call())
                .containsExactly(2L, 2L);
        shard.run(new ShardMessage.ReadSegments(8, new long[] {1L << 30}, new int[] {1}));
        assertThat(((CallAnswer.Read) answers.getLast()).data()).containsExactly(0x66);
    }

    @Test
    @DisplayName("F2, V-9: what a server's former home has let pass is refused once the server has another")
    void refusesWhatAFormerHomeLetPass() {
        DecisionTable moved = DecisionTable.builder(60)
                .enabledServer(1, RangeSet.EMPTY, RangeSet.EMPTY, RangeSet.EMPTY)
                .home(1, 50, 40)
                .build();
        shard.run(new ShardMessage.Apply(PLACE, moved, List.of(), Map.of(1, nobody -> {}), () -> {}));
        Segments one = new Segments(new long[] {1L << 30}, new int[] {1}, new int[] {0}, new byte[] {0x66});

        shard.run(new ShardMessage.LetPass(1, 49, new ShardMessage.WriteSegments(7, one)));
        shard.run(new ShardMessage.ReadSegments(8, new long[] {1L << 30}, new int[] {1}));
        shard.run(new ShardMessage.LetPass(1, 50, new ShardMessage.WriteSegments(9, one)));

        assertThat(((CallAnswer.Done) answers.get(0)).refusal().orElseThrow().errno())
                .isEqualTo(Errno.ESTALE);
        assertThat(((CallAnswer.Read) answers.get(1)).data()).containsExactly(0);
        assertThat(answers.get(2)).isEqualTo(new CallAnswer.Done(9, 1, Optional.empty()));
    }

    @Test
    @DisplayName("F2: what is read is answered under the call's number, piece after piece")
    void answersWhatIsRead() {
        apply(9, DecisionTable.State.RUNNING);
        byte[] data = {1, 2, 3};
        long gpa = 1L << 30;
        shard.run(new ShardMessage.WriteSegments(
                7, new Segments(new long[] {gpa, gpa + 4096}, new int[] {1, 2}, new int[] {0, 1}, data)));
        shard.run(new ShardMessage.ReadSegments(8, new long[] {gpa + 4096, gpa}, new int[] {2, 1}));

        assertThat(answers.get(0)).isEqualTo(new CallAnswer.Done(7, 1, Optional.empty()));
        CallAnswer.Read read = (CallAnswer.Read) answers.get(1);
        assertThat(read.call()).isEqualTo(8);
        assertThat(read.data()).containsExactly(2, 3, 1);
    }

    @Test
    @DisplayName(
            "D-11: without a lease nothing is read, written, retyped or answered; when there is one again, all of it is, in order")
    void waitsForTheLease() {
        apply(9, DecisionTable.State.RUNNING);
        clock.passes(Duration.ofNanos(LASTS));
        AccessRows rows = new AccessRows(1);
        rows.add(0, 7, 1, AccessAttributes.of(8, true, AccessAttributes.MEM), GPA, 5, 1, 4, Long.MAX_VALUE);
        shard.run(new ShardMessage.Accesses(GUESTS, rows));
        shard.run(new ShardMessage.WriteSegments(
                1, new Segments(new long[] {GPA}, new int[] {4}, new int[] {0}, new byte[] {1, 2, 3, 4})));
        shard.run(new ShardMessage.ReadSegments(2, new long[] {GPA}, new int[] {4}));
        shard.run(new ShardMessage.ListTypes(3, 1 << 18, 1, 1));
        shard.run(new ShardMessage.CommitTypes(4, List.of(new TypeRun((1 << 18) + 1, 1, MemType.ioreqServer(0)))));
        assertThat(vcpus.hasMessages()).isFalse();
        // Rule 0 does not wait for it.
        List<String> applied = new ArrayList<>();
        shard.run(new ShardMessage.Apply(
                PLACE, DecisionTable.builder(10).build(), List.of(), Map.of(), () -> applied.add("applied")));
        assertThat(applied).containsExactly("applied");
        assertThat(answers).isEmpty();

        open();
        shard.run(new ShardMessage.Resume());

        assertThat(answers).extracting(CallAnswer::call).containsExactly(1L, 2L, 3L, 4L);
        assertThat(((CallAnswer.Read) answers.get(1)).data()).containsExactly(1, 2, 3, 4);
        assertThat(vcpus.receiveMessage()).isInstanceOfSatisfying(VcpusMessage.ShardAnswers.class, told -> {
            assertThat(told.rows().keys().sequence(0)).isEqualTo(1);
            assertThat(told.rows().errno(0)).isEqualTo(Errno.OK);
        });
    }

    @Test
    @DisplayName("D-11: an outcome that a server tells without a lease is kept, and told when there is one again")
    void keepsOutcomesWithoutALease() {
        TestInbox<ServerMessage> server = TestInbox.create();
        DecisionTable ranged = DecisionTable.builder(9)
                .enabledServer(1, RangeSet.EMPTY, RangeSet.of(new long[] {0x60}, new long[] {0x67}), RangeSet.EMPTY)
                .build();
        shard.run(new ShardMessage.Apply(PLACE, ranged, List.of(), Map.of(1, server.getRef()::tell), () -> {}));
        AccessRows rows = new AccessRows(1);
        rows.add(0, 7, 1, AccessAttributes.of(1, false, AccessAttributes.PIO), 0x60, 0, 1, 4, Long.MAX_VALUE);
        shard.run(new ShardMessage.Accesses(GUESTS, rows));
        assertThat(server.receiveMessage()).isInstanceOf(ServerMessage.Forward.class);
        clock.passes(Duration.ofNanos(LASTS));
        OutcomeRows outcome = new OutcomeRows(1);
        outcome.add(0, 7, 1, 0, 0x42, Errno.OK);
        shard.run(new ShardMessage.Completed(1, 0, outcome));
        assertThat(vcpus.hasMessages()).isFalse();

        open();
        shard.run(new ShardMessage.Resume());

        assertThat(vcpus.receiveMessage())
                .isInstanceOfSatisfying(
                        VcpusMessage.ShardAnswers.class,
                        told -> assertThat(told.rows().data(0)).isEqualTo(0x42));
    }
}
