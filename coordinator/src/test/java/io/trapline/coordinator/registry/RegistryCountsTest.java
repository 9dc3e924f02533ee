package io.trapline.coordinator.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.Snapshot;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.DomainState;
import io.trapline.v1.ShardState;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("how much is in the registry")
final class RegistryCountsTest {
    private final Cluster cluster = Cluster.withNode();

    @Test
    void countsWhatThereIs() {
        int first = cluster.domain();
        cluster.domain();
        cluster.server(first);

        RegistryCounts counts = cluster.registry.view().counts();

        assertThat(counts.domains()).isEqualTo(Map.of(DomainState.DOMAIN_STATE_RUNNING, 2L));
        assertThat(counts.revision()).isEqualTo(cluster.registry.view().revision());
        assertThat(counts.nodes()).isEqualTo(1);
        assertThat(counts.claims()).isZero();
        assertThat(counts.degraded()).as("VOLATILE memory has one copy").isZero();
    }

    @Test
    void takesADomainForDegradedThatShouldHaveTwoCopies() {
        cluster.domain();

        assertThat(degraded(ShardState.SHARD_STATE_SOLO, DomainState.DOMAIN_STATE_RUNNING))
                .isEqualTo(1);
        assertThat(degraded(ShardState.SHARD_STATE_SYNCING, DomainState.DOMAIN_STATE_PAUSED))
                .isEqualTo(1);
        assertThat(degraded(ShardState.SHARD_STATE_DUAL, DomainState.DOMAIN_STATE_RUNNING))
                .isZero();
        assertThat(degraded(ShardState.SHARD_STATE_LOST, DomainState.DOMAIN_STATE_CRASHED))
                .isZero();
    }

    private long degraded(ShardState shards, DomainState state) {
        Snapshot.Builder changed = cluster.registry.snapshot().toBuilder();
        changed.getDomainsBuilder(0)
                .getDomainBuilder()
                .setMemory(DomainMemory.DOMAIN_MEMORY_REPLICATED)
                .setState(state);
        changed.getDomainsBuilder(0).getRunsBuilder(0).setState(shards);
        return Registry.restore(changed.build()).view().counts().degraded();
    }
}
