package io.trapline.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.client.KeptAnswers.Verdict;
import io.trapline.model.IoreqAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("What a run of an emulator keeps (F6, S5, C4, C7)")
class KeptAnswersTest {
    private static final byte BY_RANGE = IoreqAttributes.BY_RANGE;

    private final KeptAnswers kept = new KeptAnswers();

    private Verdict take(int vcpu, long vcpuEpoch, long sequence, int part) {
        return kept.take(100, 0, 10, BY_RANGE, vcpu, vcpuEpoch, sequence, part, false);
    }

    private Verdict takeClaimed(int type, long decidedRevision, long sequence) {
        return kept.take(decidedRevision, 0, 10, (byte) type, 0, 7, sequence, 0, false);
    }

    @Test
    @DisplayName("F6: a row is acted on once; while under way a resend waits, afterwards its answer is repeated")
    void actsOnceAndRepeatsTheKeptAnswer() {
        assertThat(take(0, 7, 1, 0)).isEqualTo(Verdict.ACT);
        assertThat(take(0, 7, 1, 0)).isEqualTo(Verdict.UNDER_WAY);

        assertThat(kept.carriedOut(0, 7, 1, 0, -5)).isTrue();
        assertThat(kept.carriedOut(0, 7, 1, 0, 99)).isFalse();

        assertThat(take(0, 7, 1, 0)).isEqualTo(Verdict.REPEAT);
        assertThat(kept.repeated()).isEqualTo(-5);
    }

    @Test
    @DisplayName("F6: parts of one access are rows of their own")
    void tellsPartsApart() {
        assertThat(take(0, 7, 1, 1)).isEqualTo(Verdict.ACT);
        assertThat(take(0, 7, 1, 0)).isEqualTo(Verdict.ACT);
        kept.carriedOut(0, 7, 1, 0, 40);
        assertThat(take(0, 7, 1, 1)).isEqualTo(Verdict.UNDER_WAY);
        assertThat(take(0, 7, 1, 0)).isEqualTo(Verdict.REPEAT);
    }

    @Test
    @DisplayName("F6: what is settled is forgotten, and never acted on again")
    void forgetsWhatIsSettled() {
        for (long sequence = 1; sequence <= 3; sequence++) {
            take(0, 7, sequence, 0);
            kept.carriedOut(0, 7, sequence, 0, 0);
        }
        kept.settled(0, 7, 2);

        assertThat(kept.size()).isEqualTo(1);
        assertThat(take(0, 7, 2, 0)).isEqualTo(Verdict.REFUSE);
        assertThat(take(0, 7, 3, 0)).isEqualTo(Verdict.REPEAT);
    }

    @Test
    @DisplayName("F2, F5: what was given up and is decided again is carried out then")
    void actsAnewOnWhatWasGivenUp() {
        take(0, 7, 1, 0);
        take(0, 7, 2, 0);
        take(0, 7, 3, 0);
        kept.carriedOut(0, 7, 3, 0, 33);

        kept.abandoned(0, 7, 1, 0);
        kept.abandoned(0, 7, 3, 0);
        kept.abandoned(0, 7, 9, 0);

        assertThat(kept.size()).isEqualTo(2);
        assertThat(take(0, 7, 1, 0)).isEqualTo(Verdict.ACT);
        assertThat(take(0, 7, 2, 0)).isEqualTo(Verdict.UNDER_WAY);
        assertThat(take(0, 7, 3, 0)).as("was answered").isEqualTo(Verdict.REPEAT);
        assertThat(kept.repeated()).isEqualTo(33);
    }

    @Test
    @DisplayName("F6: a newer epoch of the vCPU drops the older one, of which nothing is acted on any more")
    void dropsOlderEpochsOfTheVcpu() {
        take(0, 7, 1, 0);
        take(1, 7, 1, 0);

        assertThat(take(0, 8, 1, 0)).isEqualTo(Verdict.ACT);
        assertThat(take(0, 7, 2, 0)).isEqualTo(Verdict.REFUSE);
        assertThat(kept.size()).isEqualTo(2);
        assertThat(take(1, 7, 1, 0)).isEqualTo(Verdict.UNDER_WAY);
    }

    @Test
    @DisplayName("F6: the answer of what is over is sent all the same, for its credit")
    void answersWhatIsOver() {
        take(0, 7, 1, 0);
        kept.settled(0, 7, 1);
        assertThat(kept.carriedOut(0, 7, 1, 0, 3)).isTrue();
        take(0, 7, 2, 0);
        take(0, 8, 1, 0);
        assertThat(kept.carriedOut(0, 7, 2, 0, 3)).isTrue();
        assertThat(kept.size()).isEqualTo(1);
    }

    @Test
    @DisplayName(
            "F3, F5: a posted write that another server gave back is carried out once, though marks and newer epochs have passed it")
    void actsOnAPostedWriteThatComesLate() {
        take(0, 7, 5, 0);
        kept.settled(0, 7, 5);
        assertThat(takePosted(7, 4)).isEqualTo(Verdict.ACT);
        assertThat(takePosted(7, 4)).isEqualTo(Verdict.UNDER_WAY);
        take(0, 8, 1, 0);
        assertThat(takePosted(7, 6)).isEqualTo(Verdict.ACT);
        assertThat(takePosted(6, 9)).isEqualTo(Verdict.ACT);
        assertThat(kept.carriedOut(0, 7, 6, 0, 0)).isTrue();
        assertThat(kept.carriedOut(0, 7, 6, 0, 0)).isFalse();
        assertThat(takePosted(7, 6)).isEqualTo(Verdict.REPEAT);
        assertThat(take(0, 7, 8, 0)).as("not posted").isEqualTo(Verdict.REFUSE);
        assertThat(kept.size()).isEqualTo(3);

        take(0, 9, 1, 0);
        assertThat(kept.size()).as("a newer epoch begins after all of them").isEqualTo(1);
    }

    private Verdict takePosted(long vcpuEpoch, long sequence) {
        return kept.take(100, 0, 10, BY_RANGE, 0, vcpuEpoch, sequence, 0, true);
    }

    @Test
    @DisplayName("C4: after a release its type is refused where it was decided before, and nothing else is")
    void refusesWhatWasDecidedBeforeARelease() {
        kept.released(3, 50);

        assertThat(takeClaimed(3, 49, 1)).isEqualTo(Verdict.REFUSE);
        assertThat(takeClaimed(4, 49, 2)).isEqualTo(Verdict.ACT);
        assertThat(takeClaimed(BY_RANGE, 49, 3)).isEqualTo(Verdict.ACT);
        assertThat(takeClaimed(3, 50, 4)).isEqualTo(Verdict.ACT);

        kept.released(3, 20);
        assertThat(takeClaimed(3, 49, 5)).isEqualTo(Verdict.REFUSE);
    }

    @Test
    @DisplayName("C7: after a disable everything that was decided before is refused")
    void refusesWhatWasDecidedBeforeADisable() {
        kept.stopped(50);

        assertThat(takeClaimed(3, 49, 1)).isEqualTo(Verdict.REFUSE);
        assertThat(takeClaimed(BY_RANGE, 49, 2)).isEqualTo(Verdict.REFUSE);
        assertThat(takeClaimed(BY_RANGE, 51, 3)).isEqualTo(Verdict.ACT);
    }

    @Test
    @DisplayName("C7: nothing of a shard under an older epoch than it has seen; shards do not mix")
    void refusesOlderEpochsOfAShard() {
        assertThat(kept.take(100, 1, 20, BY_RANGE, 0, 7, 1, 0, false)).isEqualTo(Verdict.ACT);
        assertThat(kept.take(100, 1, 19, BY_RANGE, 0, 7, 2, 0, false)).isEqualTo(Verdict.REFUSE);
        assertThat(kept.take(100, 2, 19, BY_RANGE, 0, 7, 2, 0, false)).isEqualTo(Verdict.ACT);
        assertThat(kept.take(100, 1, 21, BY_RANGE, 0, 7, 3, 0, false)).isEqualTo(Verdict.ACT);
    }

    @Test
    @DisplayName("S5: an attach names everything that is kept, with its answer or as under way")
    void namesWhatIsKept() {
        take(2, 7, 1, 0);
        take(2, 7, 2, 5);
        take(0, 9, 4, 0);
        kept.carriedOut(2, 7, 1, 0, 77);

        List<String> rows = new ArrayList<>();
        kept.forEach((vcpu, vcpuEpoch, sequence, part, data, underWay) -> rows.add(
                vcpu + "/" + vcpuEpoch + "/" + sequence + "." + part + (underWay ? " under way" : "=" + data)));

        assertThat(rows).containsExactly("0/9/4.0 under way", "2/7/1.0=77", "2/7/2.5 under way");
    }

    @Test
    @DisplayName("F6: against a map, over random arrivals, answers and marks")
    void agreesWithAMapOverRandomSteps() {
        for (long seed = 1; seed <= 200; seed++) {
            compareWithAMap(seed);
        }
    }

    private static void compareWithAMap(long seed) {
        Random random = new Random(seed);
        KeptAnswers kept = new KeptAnswers();
        Map<List<Long>, Long> model = new HashMap<>();
        Set<List<Long>> actedOn = new HashSet<>();
        long[] settled = new long[3];
        long top = 1;
        for (int step = 0; step < 3000; step++) {
            int vcpu = random.nextInt(3);
            long sequence = Math.max(1, top - random.nextInt(40));
            int part = random.nextInt(3);
            List<Long> key = List.of((long) vcpu, sequence, (long) part);
            String where = "seed " + seed + " step " + step;
            int what = random.nextInt(11);
            if (what == 10) {
                kept.abandoned(vcpu, 5, sequence, part);
                if (model.getOrDefault(key, 0L) == Long.MIN_VALUE) {
                    model.remove(key);
                    actedOn.remove(key);
                }
            } else if (what < 5) {
                Verdict verdict = kept.take(100, 0, 1, BY_RANGE, vcpu, 5, sequence, part, false);
                if (sequence <= settled[vcpu]) {
                    assertThat(verdict).as(where).isEqualTo(Verdict.REFUSE);
                } else if (!model.containsKey(key)) {
                    assertThat(verdict).as(where).isEqualTo(Verdict.ACT);
                    assertThat(actedOn.add(key)).as(where + ": once").isTrue();
                    model.put(key, Long.MIN_VALUE);
                } else if (model.get(key) == Long.MIN_VALUE) {
                    assertThat(verdict).as(where).isEqualTo(Verdict.UNDER_WAY);
                } else {
                    assertThat(verdict).as(where).isEqualTo(Verdict.REPEAT);
                    assertThat(kept.repeated()).as(where).isEqualTo(model.get(key));
                }
            } else if (what < 8 && model.containsKey(key)) {
                boolean first = model.get(key) == Long.MIN_VALUE;
                long answer = random.nextInt();
                assertThat(kept.carriedOut(vcpu, 5, sequence, part, answer))
                        .as(where)
                        .isEqualTo(first);
                if (first) {
                    model.put(key, answer);
                }
            } else if (what == 8) {
                long through = Math.max(0, top - 20 - random.nextInt(30));
                kept.settled(vcpu, 5, through);
                settled[vcpu] = Math.max(settled[vcpu], through);
                model.keySet().removeIf(row -> row.get(0) == vcpu && row.get(1) <= through);
            } else {
                top += random.nextInt(4);
            }
            assertThat(kept.size()).as(where).isEqualTo(model.size());
        }
    }
}
