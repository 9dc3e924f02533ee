package io.trapline.coordinator.lease;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("rule 0 and F5: when calls return and drains end")
final class AppliedTrackerTest {
    private final List<Long> completed = new ArrayList<>();
    private final List<Long> finished = new ArrayList<>();
    private final AppliedTracker tracker = new AppliedTracker(new AppliedTracker.Effects() {
        @Override
        public void complete(long token) {
            completed.add(token);
        }

        @Override
        public void finish(long drain) {
            finished.add(drain);
        }
    });

    @Test
    void returnsAtOnceWithoutANode() {
        tracker.await(1, 10, 0);

        assertThat(completed).containsExactly(1L);
    }

    @Test
    void returnsWhenTheLastNodeHasAppliedTheRevision() {
        tracker.connected("a");
        tracker.connected("b");
        tracker.await(1, 10, 0);
        tracker.await(2, 11, 0);
        tracker.applied("a", 12);
        assertThat(completed).isEmpty();

        tracker.applied("b", 10);
        assertThat(completed).containsExactly(1L);

        tracker.applied("b", 11);
        assertThat(completed).containsExactly(1L, 2L);
    }

    @Test
    void waitsForANodeThatHasJustCome() {
        tracker.connected("a");
        tracker.applied("a", 10);
        tracker.connected("b");
        tracker.await(1, 5, 0);

        assertThat(completed).isEmpty();
        tracker.applied("b", 9);
        assertThat(completed).containsExactly(1L);
    }

    @Test
    void doesNotTakeARevisionBack() {
        tracker.connected("a");
        tracker.applied("a", 10);
        tracker.applied("a", 3);
        tracker.await(1, 10, 0);

        assertThat(completed).containsExactly(1L);
    }

    @Test
    void stopsWaitingForANodeThatWent() {
        tracker.connected("a");
        tracker.connected("b");
        tracker.applied("a", 10);
        tracker.await(1, 10, 0);

        tracker.disconnected("b");

        assertThat(completed).containsExactly(1L);
    }

    @Test
    void finishesADrainWhenEveryNodeIsDone() {
        // F5
        tracker.connected("a");
        tracker.connected("b");
        tracker.reached(20);
        tracker.drainBegan(20);
        tracker.drained("a", 20);
        tracker.drained("a", 20);
        tracker.drained("stranger", 20);
        assertThat(finished).isEmpty();

        tracker.drained("b", 20);
        assertThat(finished).containsExactly(20L);
    }

    @Test
    void returnsFromADrainWhenItsEndIsAppliedEverywhere() {
        // C5
        tracker.connected("a");
        tracker.reached(20);
        tracker.drainBegan(20);
        tracker.applied("a", 20);
        tracker.await(1, 20, 20);
        tracker.await(2, 20, 0);
        assertThat(completed).containsExactly(2L);

        tracker.drained("a", 20);
        tracker.reached(21);
        tracker.drainEnded(20);
        assertThat(completed).containsExactly(2L);

        tracker.applied("a", 21);
        assertThat(completed).containsExactly(2L, 1L);
    }

    @Test
    void waitsForTheEndOfADrainThatHasEndedAlready() {
        tracker.connected("a");
        tracker.reached(20);
        tracker.drainBegan(20);
        tracker.applied("a", 20);
        tracker.reached(21);
        tracker.drainEnded(20);

        tracker.await(1, 20, 20);

        assertThat(completed).isEmpty();
        tracker.applied("a", 21);
        assertThat(completed).containsExactly(1L);
    }

    @Test
    void finishesADrainAtOnceWithoutANode() {
        tracker.drainBegan(20);

        assertThat(finished).containsExactly(20L);
    }

    @Test
    void asksANodeThatComesBackAgain() {
        tracker.connected("a");
        tracker.connected("b");
        tracker.drainBegan(20);
        tracker.drained("a", 20);
        tracker.connected("a");
        tracker.drained("b", 20);
        assertThat(finished).isEmpty();

        tracker.drained("a", 20);
        assertThat(finished).containsExactly(20L);
    }

    @Test
    void triesToFinishAgainWhereThatFailed() {
        tracker.drainBegan(20);
        tracker.finishFailed(20);

        assertThat(finished).containsExactly(20L, 20L);
    }

    @Test
    void forgetsACallThatWaitsNoLonger() {
        tracker.connected("a");
        tracker.drainBegan(20);
        tracker.await(1, 10, 0);
        tracker.await(2, 10, 20);
        tracker.cancel(1);
        tracker.cancel(2);
        tracker.cancel(3);
        assertThat(tracker.waiting()).isZero();

        tracker.drainEnded(20);
        tracker.applied("a", 30);

        assertThat(completed).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void completesEveryCallOnceAndNeverEarly(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<String> names = List.of("a", "b", "c");
        Set<String> connected = new HashSet<>();
        java.util.Map<String, Long> applied = new java.util.HashMap<>();
        java.util.Map<Long, Long> waiting = new java.util.HashMap<>();
        long revision = 1;
        long token = 0;
        for (int step = 0; step < 5_000; step++) {
            String node = names.get(random.nextInt(3));
            switch (random.nextInt(6)) {
                case 0 -> {
                    connected.add(node);
                    applied.put(node, 0L);
                    tracker.connected(node);
                }
                case 1 -> {
                    connected.remove(node);
                    tracker.disconnected(node);
                }
                case 2, 3 -> {
                    long said = random.nextLong(revision + 1);
                    applied.merge(node, said, Math::max);
                    tracker.applied(node, said);
                }
                case 4 -> tracker.reached(++revision);
                default -> {
                    waiting.put(++token, revision);
                    tracker.await(token, revision, 0);
                }
            }
            for (long done : completed) {
                long wanted = java.util.Objects.requireNonNull(waiting.remove(done));
                assertThat(connected).allMatch(each -> applied.getOrDefault(each, 0L) >= wanted);
            }
            completed.clear();
        }
        names.forEach(tracker::disconnected);
        assertThat(completed).containsExactlyInAnyOrderElementsOf(waiting.keySet());
        assertThat(tracker.waiting()).isZero();
    }
}
