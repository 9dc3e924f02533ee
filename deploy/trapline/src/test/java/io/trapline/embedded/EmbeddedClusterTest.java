package io.trapline.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.client.TraplineConnection;
import io.trapline.server.ListenAddress;
import io.trapline.server.StartException;
import io.trapline.v1.DomainMemory;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
final class EmbeddedClusterTest {
    @TempDir
    private Path folder;

    @Test
    void servesWhenItHasStarted() throws Exception {
        try (EmbeddedCluster cluster = start();
                TraplineConnection client = connection(cluster)) {
            assertThat(client.domains()
                            .create(16, 1, DomainMemory.DOMAIN_MEMORY_VOLATILE)
                            .getDomid())
                    .isPositive();
        }
    }

    @Test
    void oneThatCannotStartLeavesNothingThatRuns() throws Exception {
        try (EmbeddedCluster first = start()) {
            long nodes = nodes();
            assertThat(nodes).isPositive();

            assertThatThrownBy(this::start).isInstanceOf(StartException.class).hasMessageContaining(folder.toString());

            while (nodes() > nodes && !Thread.currentThread().isInterrupted()) {
                Thread.onSpinWait();
            }
            assertThat(nodes()).isEqualTo(nodes);
            try (TraplineConnection client = connection(first)) {
                client.domains().create(16, 1, DomainMemory.DOMAIN_MEMORY_VOLATILE);
            }
        }
    }

    private EmbeddedCluster start() throws StartException {
        return EmbeddedCluster.start(Optional.of(folder), ListenAddress.ANY_PORT, false);
    }

    private static TraplineConnection connection(EmbeddedCluster cluster) {
        return TraplineConnection.builder()
                .addresses(cluster.address().toString())
                .build();
    }

    /** Every node has one thread that renews its lease. */
    private static long nodes() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("node-trapline-lease-dispatcher"))
                .count();
    }
}
