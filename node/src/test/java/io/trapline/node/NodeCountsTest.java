package io.trapline.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.node.protocol.ShardStep;
import io.trapline.node.shard.ShardCopies;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("D-23: what a node counts of its shards")
final class NodeCountsTest {
    private static final ShardStep STEP = new ShardStep.Leased(true);

    private final NodeCounts counts = new NodeCounts();
    private final ShardCopies.Onlooker one = counts.ofShard();
    private final ShardCopies.Onlooker other = counts.ofShard();

    @Test
    @DisplayName("the lag of replication is what other copies are not known to have done, of all shards")
    void addsUpWhatIsNotAcknowledged() {
        one.did(8, 1, STEP);
        one.did(8, 2, STEP);
        one.did(8, 3, STEP);
        other.did(9, 1, STEP);
        assertThat(counts.unacknowledgedSteps()).isEqualTo(4);

        one.released(2);
        one.released(2);
        assertThat(counts.unacknowledgedSteps()).isEqualTo(2);
        other.released(1);
        one.released(3);
        assertThat(counts.unacknowledgedSteps()).isZero();
    }

    @Test
    @DisplayName("what a primary does alone is no lag, nor is what a copy has not done that is none any more")
    void forgetsACopyThatIsGone() {
        one.did(8, 0, STEP);
        assertThat(counts.unacknowledgedSteps()).isZero();

        one.did(8, 1, STEP);
        one.released(Long.MAX_VALUE);
        assertThat(counts.unacknowledgedSteps()).isZero();
        one.did(20, 1, STEP);
        one.released(1);
        assertThat(counts.unacknowledgedSteps()).isZero();
    }

    @Test
    @DisplayName("what a fresh copy was given before it does each step is no step: it has had the numbers before")
    void countsStepsOnly() {
        one.released(5);
        one.did(8, 11, STEP);
        one.did(8, 12, STEP);
        assertThat(counts.unacknowledgedSteps()).isEqualTo(2);
        one.released(11);
        assertThat(counts.unacknowledgedSteps()).isEqualTo(1);
        one.released(12);
        assertThat(counts.unacknowledgedSteps()).isZero();
    }

    @Test
    @DisplayName("what a primary had not released when it was replaced, or its domain destroyed, is nobody's lag")
    void forgetsAPrimaryThatHasEnded() {
        one.did(8, 1, STEP);
        one.did(8, 2, STEP);
        one.released(1);
        one.ended();
        assertThat(counts.unacknowledgedSteps()).isZero();
        one.did(30, 7, STEP);
        assertThat(counts.unacknowledgedSteps()).isEqualTo(1);
    }
}
