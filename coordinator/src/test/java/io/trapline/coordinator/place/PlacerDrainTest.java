package io.trapline.coordinator.place;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.coordinator.registry.DrainedParts;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.Command.CommandCase;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.PlacedDomain;
import io.trapline.internal.v1.ServerRecord;
import io.trapline.internal.v1.ShardRun;
import io.trapline.v1.Domain;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.IoreqServer;
import io.trapline.v1.ShardState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("D-27: how a drained node gets rid of what it has")
final class PlacerDrainTest {
    private static final long SHARD_PAGES = 1 << 18;
    private static final NodeLife A = life("a");
    private static final NodeLife B = life("b");
    private static final NodeLife C = life("c");
    private static final DomainMemory VOLATILE = DomainMemory.DOMAIN_MEMORY_VOLATILE;
    private static final DomainMemory REPLICATED = DomainMemory.DOMAIN_MEMORY_REPLICATED;

    private final Placer placer = new Placer();
    private final Map<String, Long> bytesLeft = new HashMap<>(Map.of("a", 100L << 30, "b", 90L << 30, "c", 95L << 30));
    private final Map<String, Boolean> drained = new HashMap<>(Map.of("a", false));

    @Test
    void theOnlyCopyGetsAnotherOneAndThenHandsOver() {
        PlacedDomain placed = placed(1, VOLATILE, solo(A));
        assertThat(only(placed).getStartSync().getSyncing()).isEqualTo(C);
        assertThat(step(List.of(placed(1, VOLATILE, syncing(A, C)))))
                .as("under way")
                .isEmpty();
        Command.Builder begin = only(placed(1, VOLATILE, dual(A, C)));
        assertThat(begin.getBeginHandOver().hasPrimary()).isFalse();
        assertThat(begin.getBeginHandOver().getRun().getEpoch()).isEqualTo(7);
        assertThat(step(List.of(placed(1, VOLATILE, dual(A, C).setHandsOver(true)))))
                .as("it does")
                .isEmpty();
    }

    @Test
    void nothingGoesToADrainedNode() {
        drained.put("c", false);
        assertThat(only(placed(1, VOLATILE, solo(A))).getStartSync().getSyncing())
                .isEqualTo(B);
        assertThat(only(placed(1, VOLATILE, syncing(A, C))).getCommandCase()).isEqualTo(CommandCase.ABANDON_SYNC);
        assertThat(only(placed(1, REPLICATED, dual(A, C))).getCommandCase())
                .as("first a backup that may stay")
                .isEqualTo(CommandCase.DROP_BACKUP);
    }

    @Test
    void aBackupLeavesOnlyForAnotherOne() {
        Command.Builder drop = only(placed(1, REPLICATED, dual(B, A)));
        assertThat(drop.getCommandCase()).isEqualTo(CommandCase.DROP_BACKUP);
        assertThat(drop.getDropBackup().hasPrimary()).isFalse();

        bytesLeft.put("c", 1L << 20);
        assertThat(step(List.of(placed(1, REPLICATED, dual(B, A)))))
                .as("nobody else has room")
                .isEmpty();
    }

    @Test
    void theEndOfALifeLeavesItsBackupsToTheirPrimaries() {
        drained.put("a", true);
        assertThat(step(List.of(placed(1, REPLICATED, dual(B, A))))).isEmpty();
        assertThat(only(placed(1, REPLICATED, dual(A, B))).hasBeginHandOver()).isTrue();
    }

    @Test
    void whereNobodyHasRoomItStays() {
        bytesLeft.putAll(Map.of("b", 1L << 20, "c", 1L << 20));
        assertThat(step(List.of(placed(1, VOLATILE, solo(A))))).isEmpty();
        assertThat(only(placed(1, REPLICATED, dual(A, B))).hasBeginHandOver())
                .as("the backup has it already")
                .isTrue();
    }

    @Test
    void nobodyHandsOverToALifeThatIsNotHeardOf() {
        assertThat(placer.step(1, work(List.of(placed(1, REPLICATED, dual(A, B)))), List.of(A, C)))
                .isEmpty();
        assertThat(placer.step(1, work(List.of(placed(1, REPLICATED, dual(A, B)))), List.of(B, C)))
                .isEmpty();
    }

    @Test
    void fewHandOverAtATime() {
        List<PlacedDomain> domains = new ArrayList<>();
        for (int domid = 1; domid <= 2 * Placer.MOST_HAND_OVERS; domid++) {
            domains.add(placed(domid, REPLICATED, dual(A, B).setHandsOver(domid > Placer.MOST_HAND_OVERS + 3)));
        }
        assertThat(step(domains)).hasSize(3);
    }

    @Test
    void aCopyThatNobodyNeedsAnyMoreIsGivenUp() {
        drained.clear();
        assertThat(only(placed(1, VOLATILE, syncing(A, C))).getCommandCase()).isEqualTo(CommandCase.ABANDON_SYNC);
        assertThat(only(placed(1, VOLATILE, dual(A, C))).getCommandCase()).isEqualTo(CommandCase.DROP_BACKUP);
        assertThat(step(List.of(placed(1, VOLATILE, dual(A, C).setHandsOver(true)))))
                .as("it hands over in a moment")
                .isEmpty();
    }

    @Test
    void serversGoHome() {
        ServerRecord server = ServerRecord.newBuilder()
                .setServer(IoreqServer.newBuilder().setDomid(4).setId(2))
                .setHome(A)
                .setHomeEpoch(33)
                .build();
        List<Command.Builder> proposed = placer.step(
                1,
                new Placer.Work(List.of(), new DrainedParts(drained, List.of(), List.of(server)), bytesLeft),
                List.of(A, B));
        assertThat(proposed).hasSize(1);
        assertThat(proposed.getFirst().getMoveHome().getDomid()).isEqualTo(4);
        assertThat(proposed.getFirst().getMoveHome().getId()).isEqualTo(2);
        assertThat(proposed.getFirst().getMoveHome().getHomeEpoch()).isEqualTo(33);
    }

    private Command.Builder only(PlacedDomain placed) {
        List<Command.Builder> proposed = step(List.of(placed));
        assertThat(proposed).hasSize(1);
        return proposed.getFirst();
    }

    private List<Command.Builder> step(List<PlacedDomain> domains) {
        return new Placer().step(1, work(domains), List.of(A, B, C));
    }

    private Placer.Work work(List<PlacedDomain> domains) {
        return new Placer.Work(List.of(), new DrainedParts(drained, domains, List.of()), bytesLeft);
    }

    private static NodeLife life(String node) {
        return NodeLife.newBuilder().setNode(node).setIncarnation(1).build();
    }

    private static ShardRun.Builder solo(NodeLife primary) {
        return ShardRun.newBuilder().setCount(1).setPrimary(primary).setEpoch(7).setState(ShardState.SHARD_STATE_SOLO);
    }

    private static ShardRun.Builder syncing(NodeLife primary, NodeLife syncing) {
        return solo(primary).setState(ShardState.SHARD_STATE_SYNCING).setSyncing(syncing);
    }

    private static ShardRun.Builder dual(NodeLife primary, NodeLife backup) {
        return solo(primary).setState(ShardState.SHARD_STATE_DUAL).setBackup(backup);
    }

    private static PlacedDomain placed(int domid, DomainMemory memory, ShardRun.Builder run) {
        return PlacedDomain.newBuilder()
                .setDomain(Domain.newBuilder()
                        .setDomid(domid)
                        .setGeneration(100 + domid)
                        .setMemory(memory)
                        .setNrPages(SHARD_PAGES))
                .setShardPages(SHARD_PAGES)
                .addRuns(run)
                .build();
    }
}
