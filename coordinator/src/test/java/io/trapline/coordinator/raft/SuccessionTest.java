package io.trapline.coordinator.raft;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("who stands for election when the leader's process has ended")
final class SuccessionTest {
    private static final List<String> PEERS = List.of("c3", "c1", "c5", "c2", "c4");

    @Test
    void followersStandOneAfterTheOther() {
        assertThat(Succession.standsAfter("c1", "c2", PEERS)).contains(Duration.ZERO);
        assertThat(Succession.standsAfter("c3", "c2", PEERS)).contains(Succession.APART);
        assertThat(Succession.standsAfter("c4", "c2", PEERS)).contains(Succession.APART.multipliedBy(2));
        assertThat(Succession.standsAfter("c5", "c2", PEERS)).contains(Succession.APART.multipliedBy(3));
    }

    @Test
    void aPeerOfBothConfigurationsCountsOnce() {
        assertThat(Succession.standsAfter("c3", "c2", List.of("c1", "c2", "c3", "c1", "c2", "c3")))
                .contains(Succession.APART);
    }

    @Test
    void nobodyStandsThatIsNotAFollower() {
        assertThat(Succession.standsAfter("c2", "c2", PEERS)).isEmpty();
        assertThat(Succession.standsAfter("c6", "c2", PEERS)).isEmpty();
        assertThat(Succession.standsAfter("c1", "c6", PEERS)).isEmpty();
    }
}
