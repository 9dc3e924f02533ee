package io.trapline.node.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ShardPlace;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("V-10: when a life has copies that what it has said of drains is not about")
final class OwnCopiesTest {
    private static final Life A = new Life("a", 1);
    private static final Life B = new Life("b", 1);

    private final OwnCopies copies = new OwnCopies(A);

    @Test
    void gainsWhatItComesToDecideAndWhatItIsGivenWhenThatIsWhole() {
        assertThat(copies.gains(view(ShardPlace.solo(B, 2)))).isFalse();
        assertThat(copies.gains(view(copied(ShardPlace.State.SYNCING, B, A, 3))))
                .as("it has none yet")
                .isFalse();
        assertThat(copies.gains(view(copied(ShardPlace.State.DUAL, B, A, 4)))).isTrue();
        assertThat(copies.gains(view(copied(ShardPlace.State.DUAL, B, A, 4).handingOver())))
                .isFalse();
        assertThat(copies.gains(view(ShardPlace.solo(A, 5)))).as("it decides").isTrue();
        assertThat(copies.gains(view(copied(ShardPlace.State.SYNCING, A, B, 6))))
                .as("it decides as before")
                .isFalse();
        assertThat(copies.gains(view(ShardPlace.solo(B, 7)))).isFalse();
        assertThat(copies.gains(view(ShardPlace.solo(A, 8)))).isTrue();
    }

    @Test
    void anotherCopyThanTheOneBeforeIsGained() {
        copies.gains(view(copied(ShardPlace.State.DUAL, B, A, 4)));
        assertThat(copies.gains(view(copied(ShardPlace.State.DUAL, B, A, 9))))
                .as("it was taken out and given another, in one change")
                .isTrue();
    }

    @Test
    void looksAtEveryShardAndAtEachDomainForItself() {
        assertThat(copies.gains(view(ShardPlace.solo(B, 2), ShardPlace.solo(A, 2))))
                .isTrue();
        assertThat(copies.gains(view(ShardPlace.solo(A, 3), ShardPlace.solo(B, 3))))
                .isTrue();
        copies.forget(7);
        assertThat(copies.gains(view(ShardPlace.solo(A, 3), ShardPlace.solo(B, 3))))
                .isTrue();
    }

    @Test
    void whatIsLostNobodyHas() {
        assertThat(copies.gains(view(new ShardPlace(0, ShardPlace.State.LOST, A, Optional.empty(), 3))))
                .isFalse();
    }

    private static ShardPlace copied(ShardPlace.State state, Life primary, Life copy, long epoch) {
        return new ShardPlace(0, state, primary, Optional.of(copy), epoch);
    }

    private static DomainView view(ShardPlace... places) {
        return new DomainView(
                1,
                7,
                1,
                1,
                0,
                false,
                DecisionTable.State.RUNNING,
                List.of(places),
                Map.of(),
                new long[places.length],
                List.of(),
                DecisionTable.builder(9).build());
    }
}
