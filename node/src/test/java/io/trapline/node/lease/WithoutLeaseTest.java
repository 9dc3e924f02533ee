package io.trapline.node.lease;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("D-13: a person is told why a node does not serve")
final class WithoutLeaseTest {
    private final WithoutLease without = new WithoutLease(0);

    private static long seconds(long seconds) {
        return Duration.ofSeconds(seconds).toNanos();
    }

    @Test
    void saysSinceWhenAndWhatEachCoordinatorSaidLast() {
        without.refused("b:1", "does not answer");
        without.refused("a:1", "not yet");
        without.refused("a:1", "another life renews");
        assertThat(without.due(seconds(5) - 1)).isEmpty();
        assertThat(without.due(seconds(5)))
                .contains("no lease for 5 s: a:1: another life renews; b:1: does not answer");
        assertThat(without.due(seconds(34))).isEmpty();
        assertThat(without.due(seconds(35))).isPresent();
    }

    @Test
    void saysNothingOfANodeThatServesAndBeginsAnewWhenItDoesNotAnyMore() {
        without.refused("a:1", "not yet");
        without.serves(seconds(100));
        assertThat(without.due(seconds(104))).isEmpty();
        assertThat(without.due(seconds(105))).contains("no lease for 5 s: no coordinator has answered");
    }
}
