package io.trapline.node.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.model.AccessAttributes;
import io.trapline.model.AccessFlags;
import io.trapline.model.Errno;
import io.trapline.model.MemType;
import io.trapline.model.RangeSet;
import io.trapline.model.Refusal;
import io.trapline.model.TypeRun;
import io.trapline.node.fixture.Gates;
import io.trapline.node.fixture.HeapBudget;
import io.trapline.node.fixture.ManualClock;
import io.trapline.node.lease.ServingGate;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.FirstAnswer;
import io.trapline.node.protocol.RequestName;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardPlace;
import io.trapline.node.protocol.ShardStep;
import io.trapline.node.protocol.TypesTxn;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import io.trapline.node.rows.Segments;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A shard with two copies, message by message (D-23, D-24). */
final class TwoCopiesTest {
    private static final long GPA = 0x5000;

    @Test
    @DisplayName("V-7: nothing is acknowledged before the backup has done it")
    void acknowledgesWithTheBackup() {
        TwoCopies two = new TwoCopies();
        two.p.run(TwoCopies.write(1, GPA, 42));
        two.p.run(TwoCopies.read(2, GPA));
        assertThat(two.p.told()).isZero();

        two.exchange();

        assertThat(two.p.told()).isEqualTo(2);
        assertThat(two.p.outcomes.get(1).data(0)).isEqualTo(42);
        assertThat(two.b.told()).isZero();
    }

    @Test
    @DisplayName("F2: a memory call and a type change are answered with the backup, and the backup answers nobody")
    void answersCallsWithTheBackup() {
        TwoCopies two = new TwoCopies();
        two.exchange();
        two.p.run(new ShardMessage.WriteSegments(
                1, new Segments(new long[] {GPA}, new int[] {1}, new int[] {0}, new byte[] {9})));
        two.p.run(new ShardMessage.CommitTypes(2, List.of(new TypeRun(7, 1, MemType.RAM_RO))));
        two.p.run(new ShardMessage.ReadSegments(3, new long[] {GPA}, new int[] {1}));
        assertThat(two.p.answers).isEmpty();

        two.exchange();

        assertThat(two.p.answers).extracting(CallAnswer::call).containsExactly(1L, 2L, 3L);
        assertThat(two.b.answers).isEmpty();
    }

    @Test
    @DisplayName("D4: what was acknowledged is there after promotion, and a resent access gets its first outcome")
    void goesOnAtTheBackup() {
        TwoCopies two = new TwoCopies();
        two.p.run(TwoCopies.write(1, GPA, 42));
        two.p.run(new ShardMessage.CommitTypes(2, List.of(new TypeRun(7, 1, MemType.RAM_RO))));
        two.exchange();
        two.promote();

        two.b.run(TwoCopies.write(1, GPA, 42));
        two.b.run(TwoCopies.read(2, GPA));
        two.b.run(TwoCopies.write(1, GPA, 43));
        two.b.run(new ShardMessage.ListTypes(3, 7, 1, 1));

        assertThat(two.b.outcomes.get(0).errno(0)).isEqualTo(Errno.OK);
        assertThat(two.b.outcomes.get(1).data(0)).isEqualTo(42);
        assertThat((int) two.b.outcomes.get(2).errno(0)).isEqualTo(Errno.EINVAL.number());
        assertThat(((CallAnswer.Listed) two.b.answers.getFirst())
                        .runs()
                        .getFirst()
                        .type())
                .isEqualTo(MemType.RAM_RO);
    }

    @Test
    @DisplayName(
            "A4: what a server was passed it was passed by what the backup knows: an ioreq leaves only behind its change")
    void forwardsWithTheBackup() {
        TwoCopies two = new TwoCopies();
        two.p.run(TwoCopies.portRead(1));
        assertThat(two.p.toServer).isEmpty();

        two.exchange();

        assertThat(two.p.toServer).hasSize(1).first().isInstanceOf(ServerMessage.Forward.class);
        assertThat(two.b.toServer).isEmpty();
        OutcomeRows outcome = new OutcomeRows(1);
        outcome.add(0, TwoCopies.EPOCH, 1, 0, 0x77, Errno.OK);
        two.p.run(new ShardMessage.Completed(1, 0, outcome));
        two.exchange();
        two.promote();
        two.b.run(TwoCopies.portRead(1));
        assertThat(two.b.outcomes.getFirst().data(0)).isEqualTo(0x77);
        assertThat(two.b.toServer).isEmpty();
    }

    private static RequestName name(long number) {
        return new RequestName(5, number, 0, 77);
    }

    private static ShardMessage writeOnce(long call, long number, byte value) {
        return new ShardMessage.Once(
                name(number),
                new ShardMessage.WriteSegments(
                        call, new Segments(new long[] {GPA}, new int[] {1}, new int[] {0}, new byte[] {value})));
    }

    private static ShardMessage typeOnce(long call, long number, MemType type) {
        TypesTxn id = new TypesTxn(TwoCopies.CREATED, TwoCopies.P, call);
        return new ShardMessage.Part(
                id,
                id,
                new ShardMessage.Once(
                        name(number), new ShardMessage.CommitTypes(call, List.of(new TypeRun(7, 1, type)))));
    }

    /** What a call has been answered, whether as it was carried out or as it was known. */
    private static FirstAnswer answerOf(TwoCopies.At at, long call) {
        CallAnswer answer = at.answers.stream()
                .filter(each -> each.call() == call)
                .findFirst()
                .orElseThrow();
        return answer instanceof CallAnswer.Settled settled
                ? settled.answer()
                : new FirstAnswer(((CallAnswer.Done) answer).refusal());
    }

    private static byte byteAt(TwoCopies.At at, long gpa) {
        at.answers.clear();
        at.run(new ShardMessage.ReadSegments(99, new long[] {gpa}, new int[] {1}));
        return ((CallAnswer.Read) at.answers.getFirst()).data()[0];
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4})
    @DisplayName(
            "V-14: wherever the primary dies, a retry at the next one gets the first answer, and is carried out once")
    void givesARetryTheFirstAnswer(int arrived) {
        TwoCopies two = new TwoCopies();
        two.exchange();
        two.p.run(writeOnce(1, 1, (byte) 9));
        two.p.run(new ShardMessage.WriteSegments(
                2, new Segments(new long[] {GPA}, new int[] {1}, new int[] {0}, new byte[] {1})));
        two.p.run(typeOnce(3, 2, MemType.ioreqServer(0)));
        two.p.run(new ShardMessage.Refused(4, name(3), Refusal.of(Errno.ESTALE, "a newer session is active")));
        for (int i = 0; i < arrived; i++) {
            TwoCopies.deliver(two.p, two.b);
        }
        while (!two.b.under.isEmpty()) {
            TwoCopies.deliver(two.b, two.p);
        }
        two.promote();
        two.b.run(writeOnce(11, 1, (byte) 9));
        byte value = byteAt(two.b, GPA);
        two.b.run(typeOnce(13, 2, MemType.ioreqServer(0)));
        two.b.run(writeOnce(14, 3, (byte) 5));

        // Carried out once: what another has written since stands, and a type that a page has is not refused.
        assertThat((int) value).isEqualTo(arrived >= 2 ? 1 : 9);
        assertThat(answerOf(two.b, 13)).isEqualTo(FirstAnswer.DONE);
        assertThat(answerOf(two.b, 14).refusal().isPresent()).isEqualTo(arrived >= 4);
        for (CallAnswer told : two.p.answers) {
            assertThat(told.call()).isLessThanOrEqualTo(arrived);
        }
    }

    @Test
    @DisplayName("V-14: a look for the first answer says nothing that the backup does not know")
    void looksForTheFirstAnswerBehindTheBackup() {
        TwoCopies two = new TwoCopies();
        two.exchange();
        two.p.run(typeOnce(1, 1, MemType.ioreqServer(0)));
        two.p.run(new ShardMessage.Once(
                name(1), new ShardMessage.CheckTypes(2, List.of(new TypeRun(7, 1, MemType.ioreqServer(0))))));
        two.p.run(new ShardMessage.Once(
                name(2), new ShardMessage.CheckTypes(3, List.of(new TypeRun(8, 1, MemType.ioreqServer(0))))));
        assertThat(two.p.answers).isEmpty();

        two.exchange();

        assertThat(two.p.answers)
                .contains(new CallAnswer.Settled(2, 0, FirstAnswer.DONE), new CallAnswer.Done(3, 0, Optional.empty()));
    }

    @Test
    @DisplayName("rule 0, V-14: a retry of a type change whose ioreqs are not back is not told that it is done")
    void doesNotCallDoneWhatIsUnderWay() {
        TwoCopies two = new TwoCopies();
        DecisionTable claimed = DecisionTable.builder(40)
                .enabledServer(1, RangeSet.EMPTY, RangeSet.EMPTY, RangeSet.EMPTY)
                .heldClaim(0, 1, AccessFlags.ALL)
                .build();
        two.b.apply(TwoCopies.dual(), claimed);
        two.p.apply(TwoCopies.dual(), claimed);
        two.p.run(typeOnce(1, 1, MemType.ioreqServer(0)));
        two.p.run(TwoCopies.read(1, 7 << 12));
        two.p.run(typeOnce(2, 2, MemType.RAM_RW));
        two.exchange();
        assertThat(two.p.answers).extracting(CallAnswer::call).containsExactly(1L);
        ServerMessage.Recall recall = two.p.toServer.stream()
                .filter(ServerMessage.Recall.class::isInstance)
                .map(ServerMessage.Recall.class::cast)
                .findFirst()
                .orElseThrow();

        two.p.run(typeOnce(3, 2, MemType.RAM_RW));
        TypesTxn later = new TypesTxn(TwoCopies.CREATED, TwoCopies.P, 9);
        two.p.run(new ShardMessage.GetMark(4, later));
        two.exchange();
        assertThat(answerOf(two.p, 3).refusal().orElseThrow().metadata()).containsEntry("effect", "unknown");
        assertThat(two.p.answers).extracting(CallAnswer::call).containsExactly(1L, 3L);
        two.p.run(new ShardMessage.Recalled(1, recall.recall()));
        two.p.run(new ShardMessage.Once(
                name(2), new ShardMessage.CheckTypes(5, List.of(new TypeRun(7, 1, MemType.RAM_RW)))));
        two.exchange();

        assertThat(two.p.answers).extracting(CallAnswer::call).containsExactly(1L, 3L, 2L, 4L, 5L);
        assertThat(answerOf(two.p, 5)).isEqualTo(FirstAnswer.DONE);
    }

    @Test
    @DisplayName("section E: what was answered is forgotten with its session, and not carried out again for it")
    void forgetsASessionThatHasEnded() {
        TwoCopies two = new TwoCopies();
        two.exchange();
        two.p.run(writeOnce(1, 1, (byte) 9));
        two.exchange();
        assertThat(two.p.sessions.kept).isEqualTo(1);
        assertThat(two.b.sessions.kept).isEqualTo(1);

        two.p.sessions.end(5);
        two.p.run(new ShardMessage.Resume());
        two.exchange();
        two.p.run(writeOnce(2, 1, (byte) 8));
        two.exchange();

        assertThat(answerOf(two.p, 2).refusal().orElseThrow().errno()).isEqualTo(Errno.ESTALE);
        assertThat(two.p.sessions.kept).isZero();
        assertThat(two.b.sessions.kept).isZero();
        assertThat((int) byteAt(two.p, GPA)).isEqualTo(9);
    }

    @Test
    @DisplayName(
            "section E: what a client has is forgotten though no call of its comes here again, and is not carried out again")
    void forgetsWhatIsAcknowledgedElsewhere() {
        TwoCopies two = new TwoCopies();
        two.exchange();
        two.p.run(writeOnce(1, 1, (byte) 9));
        two.p.run(writeOnce(2, 2, (byte) 8));
        two.exchange();
        assertThat(two.p.sessions.kept).isEqualTo(2);

        two.p.sessions.acknowledge(5, 1);
        two.p.run(new ShardMessage.Resume());
        two.exchange();
        assertThat(two.p.sessions.kept).isEqualTo(1);
        assertThat(two.b.sessions.kept).as("its backup's").isEqualTo(1);
        two.p.run(writeOnce(3, 1, (byte) 7));
        two.p.run(writeOnce(4, 2, (byte) 8));
        two.exchange();

        assertThat(answerOf(two.p, 3).refusal().orElseThrow().errno()).isEqualTo(Errno.ESTALE);
        assertThat(answerOf(two.p, 4)).as("what is not acknowledged").isEqualTo(FirstAnswer.DONE);
        assertThat((int) byteAt(two.p, GPA)).isEqualTo(8);

        two.place(ShardPlace.solo(TwoCopies.B, 90));
        two.b.run(writeOnce(5, 1, (byte) 6));
        assertThat(answerOf(two.b, 5).refusal().orElseThrow().errno())
                .as("who decides next")
                .isEqualTo(Errno.ESTALE);
        assertThat((int) byteAt(two.b, GPA)).isEqualTo(8);
    }

    @Test
    @DisplayName("section E: who decides the shard next forgets what was acknowledged while it did not")
    void forgetsWhatWasAcknowledgedBeforeItDecided() {
        TwoCopies two = new TwoCopies();
        two.exchange();
        two.p.run(writeOnce(1, 1, (byte) 9));
        two.exchange();
        two.b.sessions.acknowledge(5, 1);
        two.b.run(new ShardMessage.Resume());
        assertThat(two.b.sessions.kept).as("its primary forgets").isEqualTo(1);

        two.place(ShardPlace.solo(TwoCopies.B, 90));
        two.b.run(new ShardMessage.Resume());

        assertThat(two.b.sessions.kept).isZero();
    }

    @Test
    @DisplayName(
            "section E: who decides the shard next forgets the sessions that have ended meanwhile, and waits for the others")
    void forgetsAtTheNextPrimary() {
        TwoCopies two = new TwoCopies();
        two.exchange();
        two.p.run(writeOnce(1, 1, (byte) 9));
        two.exchange();
        assertThat(two.p.sessions.watchers()).isEqualTo(1);
        assertThat(two.b.sessions.watchers()).as("its primary forgets").isZero();

        two.place(ShardPlace.solo(TwoCopies.B, 90));
        assertThat(two.p.sessions.watchers()).isZero();
        assertThat(two.p.sessions.kept).isZero();
        assertThat(two.b.sessions.watchers()).isEqualTo(1);
        two.b.sessions.end(5);
        two.b.run(new ShardMessage.Resume());

        assertThat(two.b.sessions.kept).isZero();
    }

    @Test
    @DisplayName("section L: a node that keeps as many answers as it may takes no call that would have another one")
    void takesNoMoreThanItsNodeKeeps() {
        TwoCopies two = new TwoCopies();
        two.p.run(writeOnce(1, 1, (byte) 9));
        two.p.sessions.full = true;
        two.p.run(writeOnce(2, 2, (byte) 8));
        two.p.run(writeOnce(3, 1, (byte) 9));
        two.exchange();

        assertThat(answerOf(two.p, 2).refusal().orElseThrow().errno()).isEqualTo(Errno.ENOSPC);
        assertThat(answerOf(two.p, 3)).isEqualTo(FirstAnswer.DONE);
        assertThat((int) byteAt(two.p, GPA)).isEqualTo(9);
    }

    @Test
    @DisplayName("section L: but one that says that it has an earlier answer, which is kept no more")
    void takesWhatFreesIts() {
        TwoCopies two = new TwoCopies();
        two.p.run(writeOnce(1, 1, (byte) 9));
        two.p.sessions.full = true;
        RequestName next = new RequestName(5, 2, 1, 8);
        two.p.run(new ShardMessage.Once(
                next,
                new ShardMessage.WriteSegments(
                        2, new Segments(new long[] {GPA}, new int[] {1}, new int[] {0}, new byte[] {8}))));
        two.exchange();

        assertThat(answerOf(two.p, 2)).isEqualTo(FirstAnswer.DONE);
        assertThat((int) byteAt(two.p, GPA)).isEqualTo(8);
        assertThat(two.p.sessions.kept).isEqualTo(1);
    }

    @Test
    @DisplayName("V-6: a primary that another has replaced tells nobody anything, whatever arrives")
    void isSilentOnceReplaced() {
        TwoCopies two = new TwoCopies();
        two.p.run(TwoCopies.write(1, GPA, 42));
        TwoCopies.deliver(two.p, two.b);
        TwoCopies.deliver(two.p, two.b);
        two.p.apply(ShardPlace.solo(TwoCopies.B, 90), two.table());
        two.exchange();
        two.p.run(TwoCopies.read(2, GPA));
        two.p.run(new ShardMessage.ReadSegments(3, new long[] {GPA}, new int[] {1}));

        assertThat(two.p.told()).isZero();
        assertThat(two.p.answers).singleElement().isInstanceOfSatisfying(CallAnswer.Done.class, done -> {
            assertThat(done.refusal().orElseThrow().errno()).isEqualTo(Errno.EAGAIN);
        });
    }

    @Test
    @DisplayName("6.2: what comes before the registry has told of the promotion waits for it")
    void keepsWhatComesEarly() {
        TwoCopies two = new TwoCopies();
        two.p.run(TwoCopies.write(1, GPA, 42));
        two.exchange();
        two.b.run(TwoCopies.read(2, GPA));
        assertThat(two.b.told()).isZero();

        two.promote();

        assertThat(two.b.outcomes.getFirst().data(0)).isEqualTo(42);
    }

    @Test
    @DisplayName(
            "D-20: an access that comes before the promotion waits for it through the views between: its gateway tells it once")
    void keepsAccessesThroughViewsBeforeThePromotion() {
        TwoCopies two = new TwoCopies();
        two.b.run(TwoCopies.write(1, GPA, 42));
        two.place(TwoCopies.dual());
        two.place(TwoCopies.dual());
        two.exchange();
        assertThat(two.b.told()).isZero();

        two.promote();

        assertThat(two.b.told()).isEqualTo(1);
    }

    @Test
    @DisplayName("D-23: when the registry has taken the backup out, what waited for it is acknowledged")
    void goesOnAlone() {
        TwoCopies two = new TwoCopies();
        two.p.run(TwoCopies.write(1, GPA, 42));

        two.place(ShardPlace.solo(TwoCopies.P, 60));

        assertThat(two.p.told()).isEqualTo(1);
        two.p.run(TwoCopies.read(2, GPA));
        assertThat(two.p.outcomes.get(1).data(0)).isEqualTo(42);
        two.exchange();
        assertThat(two.b.told()).isZero();
    }

    @Test
    @DisplayName("T1: a backup is refused the memory that its primary was refused, and no other")
    void isRefusedTheSameMemory() {
        HeapBudget ofP = new HeapBudget();
        TwoCopies two = new TwoCopies(ofP, new HeapBudget(), Gates.open());
        two.p.run(TwoCopies.write(1, GPA, 42));
        ofP.isUsedUp = true;
        two.p.run(TwoCopies.write(2, 0x40_0000, 43));
        two.exchange();
        assertThat((int) two.p.outcomes.get(1).errno(0)).isEqualTo(Errno.ENOSPC.number());

        two.promote();
        two.b.run(TwoCopies.write(2, 0x40_0000, 43));
        two.b.run(TwoCopies.read(3, 0x40_0000));

        assertThat((int) two.b.outcomes.get(0).errno(0)).isEqualTo(Errno.ENOSPC.number());
        assertThat(two.b.outcomes.get(1).data(0)).isZero();
    }

    @Test
    @DisplayName("6.2: a backup without memory for a change is silent, and what it had acknowledged it has")
    void isSilentWithoutMemory() {
        HeapBudget ofB = new HeapBudget();
        TwoCopies two = new TwoCopies(new HeapBudget(), ofB, Gates.open());
        two.p.run(TwoCopies.write(1, GPA, 42));
        two.exchange();
        ofB.isUsedUp = true;
        two.p.run(TwoCopies.write(2, 0x40_0000, 43));
        two.exchange();
        assertThat(two.p.told()).isEqualTo(1);

        two.promote();
        two.b.run(TwoCopies.read(3, GPA));

        assertThat(two.b.outcomes.getFirst().data(0)).isEqualTo(42);
    }

    @Test
    @DisplayName("D-11: what the backup has done meanwhile is acknowledged when the primary serves again")
    void acknowledgesNothingWithoutALease() {
        ManualClock clock = new ManualClock();
        ServingGate gate = new ServingGate(clock);
        gate.open(1_000);
        TwoCopies two = new TwoCopies(new HeapBudget(), new HeapBudget(), gate);
        two.p.run(TwoCopies.write(1, GPA, 42));
        clock.passes(Duration.ofNanos(2_000));
        two.exchange();
        assertThat(two.p.told()).isZero();

        gate.open(clock.getAsLong() + 1_000);
        two.p.run(new ShardMessage.Resume());
        two.exchange();

        assertThat(two.p.told()).isEqualTo(1);
    }

    @Test
    @DisplayName(
            "D-24: a primary's copy that fails is closed and says nothing more; its shard is handed over, as if its host had died")
    void handsOverWhereItFails() {
        TwoCopies two = new TwoCopies();
        two.p.run(TwoCopies.write(1, GPA, 42));
        two.exchange();
        two.p.run(TwoCopies.write(2, GPA, 43));

        List<String> taken = new ArrayList<>();
        two.p.run(new ShardMessage.FromPeer(new TwoCopies.Poison(), () -> taken.add("taken")));
        two.p.run(new ShardMessage.Tick());
        two.p.run(new ShardMessage.ReadSegments(3, new long[] {GPA}, new int[] {1}));
        two.exchange();

        assertThat(taken).containsExactly("taken");
        assertThat(two.p.begun)
                .as("the other shards of its run are frozen first")
                .containsExactly(TwoCopies.dual());
        assertThat(two.p.handOvers).isEmpty();
        two.place(TwoCopies.dual().handingOver());
        assertThat(two.p.handOvers).containsExactly(TwoCopies.dual().handingOver());
        assertThat(two.p.told()).isEqualTo(1);
        assertThat(two.p.answers).singleElement().isInstanceOfSatisfying(CallAnswer.Done.class, done -> {
            assertThat(done.refusal().orElseThrow().errno()).isEqualTo(Errno.EAGAIN);
        });
        two.place(ShardPlace.solo(TwoCopies.B, 70));
        two.b.run(TwoCopies.read(3, GPA));
        two.exchange();
        assertThat(two.b.outcomes.getLast().data(0)).isEqualTo(43);
    }

    @Test
    @DisplayName("D-24: a backup that fails is silent, and nothing else of its node has failed")
    void isSilentWhereItsBackupFails() {
        TwoCopies two = new TwoCopies();
        two.exchange();
        two.b.run(new ShardMessage.Change(
                TwoCopies.CREATED, 3, false, 0, new int[0], new ShardStep.Told(new TwoCopies.Poison())));
        two.p.run(TwoCopies.write(1, GPA, 42));
        two.exchange();
        assertThat(two.p.told()).isZero();

        two.place(ShardPlace.solo(TwoCopies.P, 60));

        assertThat(two.p.told()).isEqualTo(1);
        assertThat(two.b.handOvers).isEmpty();
    }

    @Test
    @DisplayName("D4: where the only copy fails its memory is lost: never is another begun in its place")
    void diesWithTheOnlyCopy() {
        TwoCopies alone = new TwoCopies();
        alone.place(ShardPlace.solo(TwoCopies.P, 60));
        assertThatThrownBy(() -> alone.p.run(new TwoCopies.Poison())).isInstanceOf(IllegalArgumentException.class);

        TwoCopies two = new TwoCopies();
        two.exchange();
        two.b.run(new ShardMessage.Change(
                TwoCopies.CREATED, 3, false, 0, new int[0], new ShardStep.Told(new TwoCopies.Poison())));
        assertThatThrownBy(two::promote).isInstanceOf(IllegalStateException.class);
    }

    @Test
    @DisplayName("D-22: who waits until all has left does not wait for ever for a copy that another replaces")
    void isNotWaitedForOnceReplaced() {
        TwoCopies two = new TwoCopies();
        List<String> sent = new ArrayList<>();
        two.p.run(TwoCopies.write(1, GPA, 42));
        two.p.run(new ShardMessage.AwaitSent(() -> sent.add("sent")));
        assertThat(sent).isEmpty();

        two.p.apply(ShardPlace.solo(TwoCopies.B, 90), two.table());

        assertThat(sent).containsExactly("sent");
        assertThat(two.p.told()).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    @DisplayName(
            "V-7, A4: wherever the primary dies, what it had told guests stands, and no server is passed an ioreq that the backup does not know of")
    void losesNothingThatWasTold(long seed) {
        Random random = new Random(seed);
        for (int life = 0; life < 40; life++) {
            new Life(random).run();
        }
    }

    /** Accesses of one vCPU until its primary dies somewhere, and afterwards. */
    private static final class Life {
        private final Random random;
        private final TwoCopies two = new TwoCopies();
        private final List<ShardMessage> sent = new ArrayList<>();
        private final Map<Long, Long> told = new HashMap<>();

        Life(Random random) {
            this.random = random;
        }

        void run() {
            int accesses = random.nextInt(1, TwoCopies.WINDOW);
            int answered = 0;
            for (long sequence = 1; sequence <= accesses; sequence++) {
                ShardMessage access = access(sequence);
                sent.add(access);
                two.p.run(access);
                for (int i = random.nextInt(4); i > 0; i--) {
                    TwoCopies.deliver(two.p, two.b);
                    TwoCopies.deliver(two.b, two.p);
                }
                answered = answer(answered);
            }
            two.p.outcomes.forEach(this::note);
            int deliveries = random.nextInt(3);
            for (int i = 0; i < deliveries; i++) {
                TwoCopies.deliver(two.p, two.b);
            }
            two.promote();
            List<Long> passed = passed(two.p.toServer);
            sent.forEach(two.b::run);

            // What was passed and has no outcome waits for its server; nothing of it is passed anew (D-22 asks).
            assertThat(passed(two.b.toServer)).noneMatch(passed::contains);
            two.b.outcomes.forEach(rows -> {
                for (int i = 0; i < rows.size(); i++) {
                    Long before = told.get(rows.keys().sequence(i));
                    if (before != null) {
                        assertThat(rows.data(i)).isEqualTo(before);
                    }
                }
            });
            long firstOpen = passed.stream()
                    .filter(each -> !told.containsKey(each))
                    .mapToLong(each -> each)
                    .min()
                    .orElse(accesses + 1L);
            for (long sequence : told.keySet()) {
                if (sequence < firstOpen) {
                    assertThat(two.b.outcomes.stream()
                                    .anyMatch(rows -> Optional.of(rows.keys().sequence(0))
                                            .filter(each -> each == sequence)
                                            .isPresent()))
                            .isTrue();
                }
            }
        }

        private ShardMessage access(long sequence) {
            long gpa = 8L * random.nextInt(4);
            return switch (random.nextInt(4)) {
                case 0 -> TwoCopies.portRead(sequence);
                case 1 -> TwoCopies.read(sequence, gpa);
                default -> TwoCopies.write(sequence, gpa, random.nextLong());
            };
        }

        /** The server answers some of what it has. */
        private int answer(int answered) {
            int next = answered;
            while (next < two.p.toServer.size() && random.nextBoolean()) {
                if (two.p.toServer.get(next) instanceof ServerMessage.Forward forward) {
                    KeyRows keys = forward.rows().keys();
                    OutcomeRows outcomes = new OutcomeRows(keys.size());
                    for (int i = 0; i < keys.size(); i++) {
                        outcomes.add(0, TwoCopies.EPOCH, keys.sequence(i), 0, random.nextInt(256), Errno.OK);
                    }
                    two.p.run(new ShardMessage.Completed(1, 0, outcomes));
                }
                next++;
            }
            return next;
        }

        private void note(OutcomeRows rows) {
            for (int i = 0; i < rows.size(); i++) {
                told.put(rows.keys().sequence(i), rows.data(i));
            }
        }

        private static List<Long> passed(List<ServerMessage> messages) {
            List<Long> passed = new ArrayList<>();
            for (ServerMessage message : messages) {
                if (message instanceof ServerMessage.Forward forward) {
                    for (int i = 0; i < forward.rows().size(); i++) {
                        passed.add(forward.rows().keys().sequence(i));
                    }
                }
            }
            return passed;
        }
    }

    @Test
    @DisplayName(
            "C7: what a primary has passed on stands, whatever copies come and go: servers know it by the epoch at which it began")
    void isKnownToServersByTheEpochAtWhichItBegan() {
        TwoCopies two = new TwoCopies();
        two.p.run(TwoCopies.portRead(1));
        two.exchange();
        two.place(ShardPlace.solo(TwoCopies.P, 20));
        two.p.run(
                new ShardMessage.Accesses(TwoCopies.GUESTS, TwoCopies.row(1, 1, false, AccessAttributes.PIO, 0x60, 0)));

        assertThat(two.p.toServer)
                .filteredOn(ServerMessage.Forward.class::isInstance)
                .extracting(told -> ((ServerMessage.Forward) told).shardEpoch())
                .containsExactly(TwoCopies.CREATED, TwoCopies.CREATED);
    }

    @Test
    @DisplayName(
            "V-10: a backup that has not heard from its primary of what a drain catches does not take it for returned")
    void waitsForItsPrimaryWithADrain() {
        TwoCopies two = new TwoCopies();
        two.p.run(TwoCopies.portRead(1));
        two.exchange();
        DecisionTable withoutServer = DecisionTable.builder(50).build();
        List<String> returned = new ArrayList<>();
        two.b.apply(TwoCopies.dual(), withoutServer);
        two.b.run(new ShardMessage.AwaitReturned(1, 50, () -> returned.add("b")));
        assertThat(returned).isEmpty();

        two.p.apply(TwoCopies.dual(), withoutServer);
        two.exchange();
        assertThat(returned).isEmpty();
        OutcomeRows outcome = new OutcomeRows(1);
        outcome.add(0, TwoCopies.EPOCH, 1, 0, 0x77, Errno.OK);
        two.p.run(new ShardMessage.Completed(1, 0, outcome));
        two.exchange();

        assertThat(returned).containsExactly("b");
    }

    @Test
    @DisplayName("V-10: a backup without anything may be told yet of what its primary decides before a drain")
    void waitsForItsPrimaryThoughItHasNothing() {
        TwoCopies two = new TwoCopies();
        DecisionTable withoutServer = DecisionTable.builder(50).build();
        List<String> returned = new ArrayList<>();
        two.exchange();
        two.b.apply(TwoCopies.dual(), withoutServer);
        two.b.run(new ShardMessage.AwaitReturned(1, 50, () -> returned.add("b")));
        assertThat(returned).isEmpty();
        two.p.run(TwoCopies.portRead(1));
        two.exchange();
        two.p.apply(TwoCopies.dual(), withoutServer);
        two.exchange();
        assertThat(returned).as("it is at the server").isEmpty();

        OutcomeRows outcome = new OutcomeRows(1);
        outcome.add(0, TwoCopies.EPOCH, 1, 0, 0x77, Errno.OK);
        two.p.run(new ShardMessage.Completed(1, 0, outcome));
        two.exchange();

        assertThat(returned).containsExactly("b");
    }
}
