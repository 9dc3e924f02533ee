package io.trapline.node.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.RangeSet;
import io.trapline.node.p2m.DecisionTable;
import io.trapline.node.protocol.EmulatorLine;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ServerMessage.HomeTold;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.protocol.ShardPlace;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("D-22: a server's new home is told when the shards of a node have asked")
final class HomeTellingTest {
    private static final Life SELF = new Life("n1", 11);
    private static final Life OTHER = new Life("n2", 22);
    private static final int ID = 3;
    private static final long GENERATION = 9;

    private final HomeTelling telling = new HomeTelling(SELF);
    private final List<HomeTold> said = new ArrayList<>();
    private boolean isThere = true;

    private void tell(long homeEpoch, long revision, ShardPlace... places) {
        telling.tell(view(homeEpoch, places), revision, (id, told) -> {
            if (isThere) {
                said.add(told);
            }
            return isThere;
        });
    }

    @Test
    void onceForEachHomeAndNotForTheFirst() {
        tell(GENERATION, 20, solo(SELF, 8));
        assertThat(said).isEmpty();
        tell(20, 20, solo(SELF, 8));
        tell(20, 21, solo(SELF, 8));
        tell(30, 30, solo(SELF, 8));

        assertThat(said).containsExactly(new HomeTold(SELF, 20, 8), new HomeTold(SELF, 30, 8));
    }

    @Test
    @DisplayName("again when the node has got another shard, which has asked since")
    void againForAnotherShard() {
        tell(20, 20, solo(SELF, 8), solo(OTHER, 8));
        tell(20, 25, solo(SELF, 8), solo(SELF, 25));

        assertThat(said).containsExactly(new HomeTold(SELF, 20, 8), new HomeTold(SELF, 20, 25));
    }

    @Test
    @DisplayName("not of what has begun later than all that its actors have applied")
    void notOfWhatIsToCome() {
        tell(20, 19, solo(SELF, 8));
        assertThat(said).isEmpty();
        tell(20, 24, solo(SELF, 8), solo(SELF, 25));

        assertThat(said).containsExactly(new HomeTold(SELF, 20, 8));
    }

    @Test
    @DisplayName("an actor that begins later, if the server is at that home still")
    void owesItToAnActorThatIsToCome() {
        isThere = false;
        tell(20, 20, solo(SELF, 8));

        assertThat(telling.owed(server(20))).contains(new HomeTold(SELF, 20, 8));
        assertThat(telling.owed(server(20))).isEmpty();
        tell(30, 30, solo(SELF, 8));
        assertThat(telling.owed(server(31))).isEmpty();
    }

    private static ShardPlace solo(Life primary, long epoch) {
        return new ShardPlace(0, ShardPlace.State.SOLO, primary, Optional.empty(), epoch);
    }

    private static ServerView server(long homeEpoch) {
        return new ServerView(
                ID,
                GENERATION,
                "",
                true,
                false,
                0,
                new int[16],
                RangeSet.EMPTY,
                RangeSet.EMPTY,
                RangeSet.EMPTY,
                0,
                0,
                0,
                homeEpoch,
                0,
                EmulatorLine.NONE);
    }

    private static DomainView view(long homeEpoch, ShardPlace... places) {
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
                List.of(server(homeEpoch)),
                DecisionTable.builder(9).build());
    }
}
