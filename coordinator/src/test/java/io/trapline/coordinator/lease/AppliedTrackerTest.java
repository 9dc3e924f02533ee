package io.trapline.coordinator.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.coordinator.registry.DrainRoles;
import io.trapline.internal.v1.NodeLife;
import io.trapline.model.Errno;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("rule 0 and F5: when calls return and drains end")
final class AppliedTrackerTest {
    private static final NodeLife A = life("a");
    private static final NodeLife B = life("b");
    private static final NodeLife STRANGER = life("stranger");

    private final List<Long> completed = new ArrayList<>();
    private final List<Long> finished = new ArrayList<>();
    private long judgedAsOf;
    private final AppliedTracker tracker = new AppliedTracker(new AppliedTracker.Effects() {
        @Override
        public void complete(long token) {
            completed.add(token);
        }

        @Override
        public void finish(long drain, long asOf) {
            finished.add(drain);
            judgedAsOf = asOf;
        }
    });

    private static final DrainRoles NOBODY = new DrainRoles(Map.of(), Set.of(), 0);

    private static DrainRoles resets(NodeLife life, long since) {
        return new DrainRoles(Map.of(life, since), Set.of(life), since);
    }

    private static DrainRoles copies(Map<NodeLife, Long> since, long asOf) {
        return new DrainRoles(since, Set.of(), asOf);
    }

    private static NodeLife life(String node) {
        return NodeLife.newBuilder().setNode(node).setIncarnation(7).build();
    }

    @Test
    void isNotOverWhileTheLifeThatHasThePagesToBeResetIsAwayOnly() {
        // C5: FREE says that they are plain again
        tracker.leased(A);
        tracker.drainBegan(20, resets(A, 0L));
        tracker.lapsed(A);
        assertThat(finished).isEmpty();

        tracker.drained(A, 20);

        assertThat(finished).containsExactly(20L);
    }

    @Test
    void isOverWhenTheLifeThatHadThePagesToBeResetIsOver() {
        tracker.leased(A);
        tracker.drainBegan(20, resets(A, 0L));
        tracker.lapsed(A);

        tracker.over(A);

        assertThat(finished).containsExactly(20L);
    }

    @Test
    void isOverWhenWhoHasThePagesNowHasResetThem() {
        // C5, D-24: the pages of a primary that lapses are its backup's
        tracker.leased(A);
        tracker.leased(B);
        tracker.drainBegan(20, resets(A, 5L));
        tracker.applied(B, 20);
        tracker.drained(B, 20);
        tracker.lapsed(A);
        tracker.drainBegan(20, resets(B, 30L));
        tracker.drained(B, 20);
        assertThat(finished).as("said before it knew that they are its own").isEmpty();

        tracker.applied(B, 30);
        tracker.drained(B, 20);

        assertThat(finished).containsExactly(20L);
    }

    @Test
    void isNotOverForWhoResetThePagesBeforeAnotherHadThem() {
        tracker.leased(A);
        tracker.leased(B);
        tracker.applied(A, 20);
        tracker.drainBegan(20, resets(A, 5L));
        tracker.drained(A, 20);
        tracker.applied(B, 30);
        tracker.drainBegan(20, resets(B, 30L));
        tracker.drained(B, 20);
        assertThat(finished).containsExactly(20L);

        tracker.drainBegan(21, resets(A, 5L));
        tracker.drained(A, 21);
        tracker.drainBegan(21, resets(B, 30L));
        tracker.drainBegan(21, resets(A, 40L));
        tracker.drained(B, 21);
        assertThat(finished)
                .as("what it had reset before is not what it has now")
                .containsExactly(20L);
        tracker.applied(A, 40);
        tracker.drained(A, 21);
        assertThat(finished).containsExactly(20L, 21L);
    }

    @Test
    void doesNotBelieveWhatWasSaidBeforeTheCopyWasThere() {
        // V-10: a fresh backup has said that it has nothing; what it is given then may be at a server still
        tracker.leased(A);
        tracker.leased(B);
        tracker.drainBegan(20, copies(Map.of(A, 5L), 20));
        tracker.applied(B, 20);
        tracker.drained(B, 20);
        tracker.drainBegan(20, copies(Map.of(A, 5L, B, 25L), 25));
        tracker.lapsed(A);
        assertThat(finished).as("said before it had a copy").isEmpty();
        tracker.drained(B, 20);
        assertThat(finished)
                .as("said before it has acknowledged that it has one")
                .isEmpty();

        tracker.applied(B, 26);
        assertThat(finished).as("nothing said").isEmpty();
        tracker.drained(B, 20);

        assertThat(finished).containsExactly(20L);
        assertThat(judgedAsOf).isEqualTo(25);
    }

    @Test
    void doesNotBelieveABackupWhenItDecides() {
        // V-10: what it said of a backup's copy
        tracker.leased(A);
        tracker.leased(B);
        tracker.applied(A, 20);
        tracker.applied(B, 20);
        tracker.drainBegan(20, copies(Map.of(A, 5L, B, 6L), 20));
        tracker.drained(B, 20);
        tracker.drainBegan(20, copies(Map.of(B, 30L), 30));
        tracker.drained(A, 20);
        assertThat(finished).isEmpty();

        tracker.applied(B, 30);
        tracker.drained(B, 20);

        assertThat(finished).containsExactly(20L);
    }

    @Test
    void believesWhoLosesACopyWhatItSaidOfTheOthers() {
        tracker.leased(A);
        tracker.applied(A, 20);
        tracker.drainBegan(20, copies(Map.of(A, 30L), 30));
        tracker.drained(A, 20);
        assertThat(finished).isEmpty();

        tracker.drainBegan(20, copies(Map.of(A, 5L), 31));

        assertThat(finished).containsExactly(20L);
    }

    @Test
    void looksAgainWhereOthersHadCopiesAsItWasToBeFinished() {
        // V-10: the registry refuses to finish a drain for a leader that did not know all who have copies
        tracker.leased(A);
        tracker.leased(B);
        tracker.drainBegan(20, copies(Map.of(A, 5L), 20));
        tracker.drained(B, 20);
        tracker.lapsed(A);
        assertThat(finished).containsExactly(20L);
        assertThat(judgedAsOf).isEqualTo(20);

        tracker.drainBegan(20, copies(Map.of(A, 5L, B, 25L), 25));
        assertThat(tracker.isPassedOver(B)).isTrue();
        tracker.finishFailed(20);
        assertThat(finished).containsExactly(20L);
        assertThat(tracker.isPassedOver(B)).isFalse();
        tracker.applied(B, 25);
        tracker.drained(B, 20);

        assertThat(finished).containsExactly(20L, 20L);
        assertThat(judgedAsOf).isEqualTo(25);
    }

    @Test
    void knowsWhatIsAhead() {
        tracker.reached(10);
        assertThat(tracker.ahead(10, 0)).isEmpty();
        assertThat(tracker.ahead(0, 10)).isEmpty();
        assertThat(tracker.ahead(11, 10).orElseThrow().errno()).isEqualTo(Errno.EAGAIN);
        assertThat(tracker.ahead(10, 11).orElseThrow().metadata()).containsEntry("revision", "10");
        assertThat(tracker.ahead(-1, 0)).as("2^64 - 1").isPresent();

        tracker.reached(11);
        assertThat(tracker.ahead(11, 11)).isEmpty();
    }

    @Test
    void returnsAtOnceWithoutALease() {
        tracker.applied(A, 3);

        tracker.await(1, 10, 0);

        assertThat(completed).containsExactly(1L);
    }

    @Test
    void returnsWhenTheLastNodeHasAppliedTheRevision() {
        tracker.leased(A);
        tracker.leased(B);
        tracker.await(1, 10, 0);
        tracker.await(2, 11, 0);
        tracker.applied(A, 12);
        assertThat(completed).isEmpty();

        tracker.applied(B, 10);
        assertThat(completed).containsExactly(1L);

        tracker.applied(B, 11);
        assertThat(completed).containsExactly(1L, 2L);
    }

    @Test
    void waitsForALifeThatHasJustBeenGrantedALease() {
        tracker.leased(A);
        tracker.applied(A, 10);
        tracker.leased(B);
        tracker.await(1, 5, 0);

        assertThat(completed).isEmpty();
        tracker.applied(B, 9);
        assertThat(completed).containsExactly(1L);
    }

    @Test
    void doesNotTakeARevisionBack() {
        tracker.leased(A);
        tracker.applied(A, 10);
        tracker.applied(A, 3);
        tracker.await(1, 10, 0);

        assertThat(completed).containsExactly(1L);
    }

    @Test
    void stopsWaitingForALifeWhoseLeaseLapsed() {
        tracker.leased(A);
        tracker.leased(B);
        tracker.applied(A, 10);
        tracker.await(1, 10, 0);

        tracker.lapsed(B);

        assertThat(completed).containsExactly(1L);
    }

    @Test
    void finishesADrainWhenEveryNodeIsDone() {
        // F5
        tracker.leased(A);
        tracker.leased(B);
        tracker.reached(20);
        tracker.drainBegan(20, NOBODY);
        tracker.drained(A, 20);
        tracker.drained(A, 20);
        tracker.drained(STRANGER, 20);
        assertThat(finished).isEmpty();

        tracker.drained(B, 20);
        assertThat(finished).containsExactly(20L);
    }

    @Test
    void returnsFromADrainWhenItsEndIsAppliedEverywhere() {
        // C5
        tracker.leased(A);
        tracker.reached(20);
        tracker.drainBegan(20, NOBODY);
        tracker.applied(A, 20);
        tracker.await(1, 20, 20);
        tracker.await(2, 20, 0);
        assertThat(completed).containsExactly(2L);

        tracker.drained(A, 20);
        tracker.reached(21);
        tracker.drainEnded(20);
        assertThat(completed).containsExactly(2L);

        tracker.applied(A, 21);
        assertThat(completed).containsExactly(2L, 1L);
    }

    @Test
    void waitsForTheEndOfADrainThatHasEndedAlready() {
        tracker.leased(A);
        tracker.reached(20);
        tracker.drainBegan(20, NOBODY);
        tracker.applied(A, 20);
        tracker.reached(21);
        tracker.drainEnded(20);

        tracker.await(1, 20, 20);

        assertThat(completed).isEmpty();
        tracker.applied(A, 21);
        assertThat(completed).containsExactly(1L);
    }

    @Test
    void finishesADrainAtOnceWithoutALease() {
        tracker.drainBegan(20, NOBODY);

        assertThat(finished).containsExactly(20L);
    }

    @Test
    void takesALapsedLifeThatHasNotReportedOutOfADrain() {
        // F5, D-13
        tracker.leased(A);
        tracker.leased(B);
        tracker.drainBegan(20, NOBODY);
        tracker.drained(A, 20);
        assertThat(finished).isEmpty();

        tracker.lapsed(B);

        assertThat(finished).containsExactly(20L);
    }

    @Test
    void passesALifeOverWhileADrainIsFinishedWithoutIt() {
        // F5, C5
        tracker.leased(A);
        tracker.leased(B);
        tracker.drainBegan(20, NOBODY);
        tracker.drained(A, 20);
        assertThat(tracker.isPassedOver(B)).isFalse();
        tracker.lapsed(B);
        assertThat(tracker.isPassedOver(B)).isTrue();
        assertThat(tracker.isPassedOver(A)).isFalse();

        tracker.drainEnded(20);

        assertThat(tracker.isPassedOver(B)).isFalse();
    }

    @Test
    void waitsAgainForALifeThatComesBackAndBelievesWhatItHasSaid() {
        tracker.leased(A);
        tracker.leased(B);
        tracker.applied(A, 9);
        tracker.drainBegan(20, NOBODY);
        tracker.lapsed(A);
        tracker.drained(A, 20);
        tracker.applied(A, 10);
        tracker.leased(A);
        tracker.applied(B, 11);
        tracker.await(1, 11, 0);
        tracker.await(2, 10, 0);
        assertThat(completed).containsExactly(2L);
        assertThat(finished).isEmpty();

        tracker.drained(B, 20);
        assertThat(finished).containsExactly(20L);
        tracker.applied(A, 11);
        assertThat(completed).containsExactly(2L, 1L);
    }

    @Test
    void forgetsALifeThatIsOver() {
        tracker.leased(A);
        tracker.leased(B);
        tracker.applied(A, 30);
        tracker.drainBegan(20, NOBODY);
        tracker.drained(B, 20);
        tracker.await(1, 0, 20);

        tracker.over(A);

        assertThat(finished).containsExactly(20L);
        assertThat(tracker.appliedBy(A)).isZero();
    }

    @Test
    void triesToFinishAgainWhereThatFailed() {
        tracker.drainBegan(20, NOBODY);
        tracker.finishFailed(20);

        assertThat(finished).containsExactly(20L, 20L);
    }

    @Test
    void forgetsACallThatWaitsNoLonger() {
        tracker.leased(A);
        tracker.drainBegan(20, NOBODY);
        tracker.await(1, 10, 0);
        tracker.await(2, 10, 20);
        tracker.cancel(1);
        tracker.cancel(2);
        tracker.cancel(3);
        assertThat(tracker.waiting()).isZero();

        tracker.drainEnded(20);
        tracker.applied(A, 30);

        assertThat(completed).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void completesEveryCallOnceAndNeverEarly(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<NodeLife> lives = List.of(A, B, life("c"));
        Set<NodeLife> leased = new HashSet<>();
        Map<NodeLife, Long> applied = new HashMap<>();
        Map<Long, Long> waiting = new HashMap<>();
        long revision = 1;
        long token = 0;
        for (int step = 0; step < 5_000; step++) {
            NodeLife life = lives.get(random.nextInt(3));
            switch (random.nextInt(6)) {
                case 0 -> {
                    leased.add(life);
                    tracker.leased(life);
                }
                case 1 -> {
                    leased.remove(life);
                    tracker.lapsed(life);
                }
                case 2, 3 -> {
                    long said = random.nextLong(revision + 1);
                    applied.merge(life, said, Math::max);
                    tracker.applied(life, said);
                }
                case 4 -> tracker.reached(++revision);
                default -> {
                    waiting.put(++token, revision);
                    tracker.await(token, revision, 0);
                }
            }
            for (long done : completed) {
                long wanted = Objects.requireNonNull(waiting.remove(done));
                assertThat(leased).allMatch(each -> applied.getOrDefault(each, 0L) >= wanted);
            }
            completed.clear();
            assertThat(waiting.values())
                    .as("calls that need not wait")
                    .noneMatch(wanted -> leased.stream().allMatch(each -> applied.getOrDefault(each, 0L) >= wanted));
        }
        lives.forEach(tracker::lapsed);
        assertThat(completed).containsExactlyInAnyOrderElementsOf(waiting.keySet());
        assertThat(tracker.waiting()).isZero();
    }
}
