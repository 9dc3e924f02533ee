package io.trapline.coordinator.place;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.coordinator.registry.DrainedParts;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.PlacedDomain;
import io.trapline.internal.v1.ShardRun;
import io.trapline.v1.Domain;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.ShardState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("D-24, G-3: where second copies of shards are made")
final class PlacerTest {
    private static final long SHARD_PAGES = 1 << 18;
    private static final NodeLife A = life("a");
    private static final NodeLife B = life("b");
    private static final NodeLife C = life("c");
    private static final NodeLife D = life("d");

    private final Placer placer = new Placer();
    private final Map<String, Long> bytesLeft = new HashMap<>(Map.of("a", 100L << 30, "b", 90L << 30, "c", 95L << 30));
    private long now = 1_000;

    @Test
    void aCopyIsMadeWhereMostMemoryIsLeft() {
        List<Command.Builder> proposed = step(List.of(solo(1, 1, A)), A, B, C);

        assertThat(proposed).hasSize(1);
        assertThat(proposed.getFirst().getStartSync().getSyncing()).isEqualTo(C);
        assertThat(proposed.getFirst().getStartSync().getRun().getEpoch()).isEqualTo(7);
        assertThat(proposed.getFirst().getStartSync().getRun().getDomid()).isEqualTo(1);
        assertThat(proposed.getFirst().getStartSync().getRun().getDomainGeneration())
                .isEqualTo(101);
    }

    @Test
    void copiesOfOneStepSpread() {
        List<PlacedDomain> domains = new ArrayList<>();
        for (int domid = 1; domid <= 8; domid++) {
            domains.add(solo(domid, 1, life("p" + domid % 2)));
        }
        List<NodeLife> at = step(domains, life("p0"), life("p1"), B, C).stream()
                .map(command -> command.getStartSync().getSyncing())
                .toList();
        // 95, 94, 93, 92, 91 GiB, then in turn.
        assertThat(at.subList(0, 5)).containsOnly(C);
        assertThat(at.subList(5, 8)).contains(B, C);
    }

    @Test
    void nothingIsBegunThatCannotGoOn() {
        assertThat(step(List.of(solo(1, 1, A)), B, C))
                .as("its primary is silent")
                .isEmpty();
        assertThat(step(List.of(solo(1, 1, A)), A)).as("no other node").isEmpty();
        assertThat(step(List.of(), A, B)).isEmpty();
    }

    @Test
    void fewAreUnderWayAtOneNode() {
        List<PlacedDomain> domains = new ArrayList<>();
        for (int domid = 1; domid <= 20; domid++) {
            domains.add(domid <= 3 ? syncing(domid, 1, A, B) : solo(domid, 1, A));
        }
        assertThat(step(domains, A, B, C)).hasSize(Placer.MOST_SHARDS_AT_A_NODE - 3);
    }

    @Test
    void fewAreUnderWayInTheCluster() {
        List<PlacedDomain> domains = new ArrayList<>();
        List<NodeLife> usable = new ArrayList<>();
        for (int node = 0; node < 40; node++) {
            usable.add(life("n" + node));
            for (int i = 0; i < 5; i++) {
                domains.add(solo(domains.size() + 1, 1, life("n" + node)));
            }
        }
        assertThat(step(domains, usable.toArray(NodeLife[]::new))).hasSize(Placer.MOST_SHARDS);
    }

    @Test
    void aRunOfManyShardsGoesAlone() {
        assertThat(step(List.of(solo(1, 1_024, A), solo(2, 1, A), solo(3, 1, D)), A, B, C, D))
                .singleElement()
                .satisfies(command ->
                        assertThat(command.getStartSync().getRun().getDomid()).isEqualTo(1));
        assertThat(step(List.of(syncing(1, 1, A, B), solo(2, 9, A)), A, B, C)).isEmpty();
    }

    @Test
    void aCopyThatIsMadeNowhereIsGivenUp() {
        Command.Builder proposed = step(List.of(syncing(1, 1, A, B)), A, C).getFirst();
        assertThat(proposed.getAbandonSync().getRun().getEpoch()).isEqualTo(7);
        assertThat(proposed.getAbandonSync().hasPrimary()).isFalse();
        assertThat(step(List.of(syncing(1, 1, A, B)), A, B)).isEmpty();
    }

    @Test
    void aCopyThatDidNotLastIsMadeElsewhereAndLater() {
        List<PlacedDomain> domain = List.of(solo(1, 1, A));
        assertThat(at(step(domain, A, B, C))).isEqualTo(C);
        now += Placer.FIRST_PAUSE_NANOS - 1;
        assertThat(step(domain, A, B, C)).isEmpty();
        now++;
        assertThat(at(step(domain, A, B, C))).isEqualTo(B);
        now += Placer.FIRST_PAUSE_NANOS;
        assertThat(step(domain, A, B, C)).as("twice as long").isEmpty();
        // It was whole for a moment in between.
        step(List.of(), A, B, C);
        now += Placer.FIRST_PAUSE_NANOS;
        assertThat(at(step(domain, A, B))).as("the only one there is").isEqualTo(B);
    }

    @Test
    void pausesDoNotGrowForEver() {
        List<PlacedDomain> domain = List.of(solo(1, 1, A));
        long longest = Placer.FIRST_PAUSE_NANOS << Placer.MOST_DOUBLINGS;
        for (int i = 0; i < 50; i++) {
            assertThat(step(domain, A, B)).hasSize(1);
            now += longest;
        }
    }

    @Test
    void itStepsNowAndThen() {
        assertThat(placer.isDue(now)).isTrue();
        step(List.of(), A);
        assertThat(placer.isDue(now + Placer.EVERY_NANOS - 1)).isFalse();
        assertThat(placer.isDue(now + Placer.EVERY_NANOS)).isTrue();
    }

    private List<Command.Builder> step(List<PlacedDomain> domains, NodeLife... usable) {
        return placer.step(now, new Placer.Work(domains, DrainedParts.NONE, bytesLeft), List.of(usable));
    }

    private static NodeLife at(List<Command.Builder> proposed) {
        assertThat(proposed).hasSize(1);
        return proposed.getFirst().getStartSync().getSyncing();
    }

    private static NodeLife life(String node) {
        return NodeLife.newBuilder().setNode(node).setIncarnation(1).build();
    }

    private static PlacedDomain solo(int domid, int shards, NodeLife primary) {
        return placed(domid, shards, run(shards, primary).setState(ShardState.SHARD_STATE_SOLO));
    }

    private static PlacedDomain syncing(int domid, int shards, NodeLife primary, NodeLife syncing) {
        return placed(
                domid,
                shards,
                run(shards, primary).setState(ShardState.SHARD_STATE_SYNCING).setSyncing(syncing));
    }

    private static ShardRun.Builder run(int shards, NodeLife primary) {
        return ShardRun.newBuilder().setCount(shards).setPrimary(primary).setEpoch(7);
    }

    private static PlacedDomain placed(int domid, int shards, ShardRun.Builder run) {
        return PlacedDomain.newBuilder()
                .setDomain(Domain.newBuilder()
                        .setDomid(domid)
                        .setMemory(DomainMemory.DOMAIN_MEMORY_REPLICATED)
                        .setGeneration(100 + domid)
                        .setNrPages(shards * SHARD_PAGES))
                .setShardPages(SHARD_PAGES)
                .addRuns(run)
                .build();
    }
}
