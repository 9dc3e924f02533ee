package io.trapline.coordinator.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.coordinator.raft.Succession.Follower;
import io.trapline.coordinator.raft.Succession.Last;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("who stands for election when the leader's process has ended")
final class SuccessionTest {
    private static final List<String> PEERS = List.of("c3", "c1", "c5", "c2", "c4");
    private static final Last LAST = new Last(7, 9);

    @Test
    void whoseLogHasMostStandsAtOnce() {
        Map<String, Last> shorter = Map.of("c1", new Last(7, 8), "c4", new Last(6, 99), "c5", new Last(7, 8));
        assertThat(Succession.standsAfter("c3", "c2", PEERS, LAST, shorter)).contains(Duration.ZERO);
    }

    @Test
    void behindEachOneWithMoreStandsLater() {
        assertThat(Succession.standsAfter("c1", "c2", PEERS, LAST, Map.of("c3", new Last(7, 10))))
                .contains(Succession.APART);
        assertThat(Succession.standsAfter(
                        "c1", "c2", PEERS, LAST, Map.of("c3", new Last(8, 1), "c4", new Last(7, 10), "c5", LAST)))
                .contains(Succession.APART.multipliedBy(2));
    }

    @Test
    void ofEqualLogsTheFirstIdStandsFirst() {
        assertThat(Succession.standsAfter("c1", "c2", PEERS, LAST, Map.of("c3", LAST, "c4", LAST, "c5", LAST)))
                .contains(Duration.ZERO);
        assertThat(Succession.standsAfter("c4", "c2", PEERS, LAST, Map.of("c1", LAST, "c3", LAST, "c5", LAST)))
                .contains(Succession.APART.multipliedBy(2));
    }

    @Test
    void whoDoesNotAnswerIsTakenForOneWithTheSameLog() {
        assertThat(Succession.standsAfter("c1", "c2", PEERS, LAST, Map.of())).contains(Duration.ZERO);
        assertThat(Succession.standsAfter("c5", "c2", PEERS, LAST, Map.of()))
                .contains(Succession.APART.multipliedBy(3));
    }

    @Test
    void aPeerOfBothConfigurationsCountsOnce() {
        assertThat(Succession.standsAfter(
                        "c3", "c2", List.of("c1", "c2", "c3", "c1", "c2", "c3"), LAST, Map.of("c1", LAST)))
                .contains(Succession.APART);
    }

    @Test
    void nobodyStandsThatIsNotAFollower() {
        assertThat(Succession.standsAfter("c2", "c2", PEERS, LAST, Map.of())).isEmpty();
        assertThat(Succession.standsAfter("c6", "c2", PEERS, LAST, Map.of())).isEmpty();
        assertThat(Succession.standsAfter("c1", "c6", PEERS, LAST, Map.of())).isEmpty();
    }

    @Test
    void aLeaderThatLeavesHandsOverToWhoHasMostOfThoseThatAreThere() {
        assertThat(Succession.successors(List.of(
                        new Follower("c4", 20, 8),
                        new Follower("c1", 60_000, 9),
                        new Follower("c3", 90, 9),
                        new Follower("c2", 20, 9))))
                .containsExactly("c2", "c3", "c4", "c1");
        assertThat(Succession.successors(List.of())).isEmpty();
    }
}
