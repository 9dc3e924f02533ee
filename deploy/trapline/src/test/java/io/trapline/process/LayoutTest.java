package io.trapline.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.server.ListenAddress;
import io.trapline.server.StartException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LayoutTest {
    @TempDir
    Path data;

    @Test
    void givesEachProcessAnAddressOfItsOwn() throws StartException {
        Layout layout = Layout.of(data, 3, 3, ListenAddress.ANY_PORT);
        assertThat(layout.peers()).extracting(CoordinatorSettings.Peer::id).containsExactly("c1", "c2", "c3");
        Set<ListenAddress> all = new HashSet<>(layout.nodes());
        layout.peers().forEach(peer -> {
            all.add(peer.raft());
            all.add(peer.services());
        });
        assertThat(all)
                .hasSize(9)
                .allSatisfy(address -> assertThat(address.port()).isPositive());
    }

    @Test
    void clustersWithAnyPortHaveNoAddressInCommon(@TempDir Path other) throws StartException {
        Layout first = Layout.of(data, 3, 3, ListenAddress.ANY_PORT);
        Layout second = Layout.of(other, 3, 3, ListenAddress.ANY_PORT);

        assertThat(first.nodes()).doesNotContainAnyElementsOf(second.nodes());
        assertThat(first.peers())
                .extracting(CoordinatorSettings.Peer::raft)
                .doesNotContainAnyElementsOf(second.peers().stream()
                        .map(CoordinatorSettings.Peer::raft)
                        .toList());
        assertThat(first.peers())
                .extracting(CoordinatorSettings.Peer::services)
                .doesNotContainAnyElementsOf(second.peers().stream()
                        .map(CoordinatorSettings.Peer::services)
                        .toList());
    }

    @Test
    void theCoordinatorsOfADirectoryStayWhatTheyWere() throws StartException {
        Layout first = Layout.of(data, 3, 2, ListenAddress.ANY_PORT);
        Layout second = Layout.of(data, 3, 1, ListenAddress.ANY_PORT);
        assertThat(second.clusterId()).isEqualTo(first.clusterId());
        assertThat(second.peers()).isEqualTo(first.peers());
        assertThatThrownBy(() -> Layout.of(data, 5, 1, ListenAddress.ANY_PORT))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("holds a cluster of 3 coordinators, not 5");
    }

    @Test
    void aDamagedDirectoryIsSaidInOneLine() throws Exception {
        Files.writeString(data.resolve("cluster.conf"), "peers = nobody\n");
        assertThatThrownBy(() -> Layout.of(data, 1, 1, ListenAddress.ANY_PORT))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("cluster.conf:1");
    }

    @Test
    void theFirstNodeListensWhereItWasToldOrNotAtAll() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            ListenAddress busy = new ListenAddress("127.0.0.1", taken.getLocalPort());
            assertThatThrownBy(() -> Layout.of(data, 1, 1, busy)).isInstanceOf(StartException.class);
        }
    }
}
