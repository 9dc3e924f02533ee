package io.trapline.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import io.trapline.server.ListenAddress;
import io.trapline.server.PortReservation;
import io.trapline.v1.ClusterServiceGrpc;
import io.trapline.v1.GetVersionRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What coordinators and nodes say of themselves at their health ports. */
@Timeout(120)
final class HealthTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private Path data;

    /** Of a host that connections do not come from: none of them gets it before the process that it is for. */
    private static ListenAddress freePort() throws Exception {
        try (PortReservation port = PortReservation.of(new ListenAddress("127.0.0.9", 0), false)) {
            return port.address();
        }
    }

    private static SettingSources of(Map<String, String> flags) {
        return new SettingSources(flags, Map.of(), Optional.empty());
    }

    private static ServingStatus ask(ManagedChannel channel, String service) {
        return HealthGrpc.newBlockingStub(channel)
                .withWaitForReady()
                .check(HealthCheckRequest.newBuilder().setService(service).build())
                .getStatus();
    }

    private static ManagedChannel channel(ListenAddress address) {
        return NettyChannelBuilder.forTarget(address.toString())
                .usePlaintext()
                .directExecutor()
                .build();
    }

    private NodeProcess node(ListenAddress health, ListenAddress coordinator) throws Exception {
        return NodeProcess.start(
                NodeSettings.of(of(Map.of(
                        "id", "n1",
                        "coordinators", coordinator.toString(),
                        "listen", "127.0.0.1:0",
                        "memory", "16MiB",
                        "health", health.toString()))),
                address -> state -> {});
    }

    private CoordinatorProcess coordinator(ListenAddress health, ListenAddress services) throws Exception {
        return CoordinatorProcess.start(
                CoordinatorSettings.of(of(Map.of(
                        "id",
                        "c1",
                        "bootstrap",
                        "true",
                        "peers",
                        "c1=" + freePort() + "," + services,
                        "data",
                        data.toString(),
                        "health",
                        health.toString()))),
                state -> {});
    }

    @Test
    void aNodeWithoutALeaseIsAliveAndNotReadyUntilItHasOne() throws Exception {
        ListenAddress nodeHealth = freePort();
        ListenAddress coordinatorHealth = freePort();
        ListenAddress services = freePort();
        ManagedChannel askNode = channel(nodeHealth);
        ManagedChannel askCoordinator = channel(coordinatorHealth);
        try (NodeProcess _ = node(nodeHealth, services)) {
            // Given: nobody grants leases.
            assertThat(ask(askNode, "ready")).isEqualTo(ServingStatus.NOT_SERVING);
            assertThat(ask(askNode, "")).isEqualTo(ServingStatus.NOT_SERVING);
            assertThat(ask(askNode, "alive")).isEqualTo(ServingStatus.SERVING);

            // When
            try (CoordinatorProcess _ = coordinator(coordinatorHealth, services)) {
                // Then
                await().atMost(PATIENCE).until(() -> ask(askCoordinator, "ready") == ServingStatus.SERVING);
                await().atMost(PATIENCE).until(() -> ask(askNode, "ready") == ServingStatus.SERVING);
                assertThat(ask(askNode, "")).isEqualTo(ServingStatus.SERVING);
                assertThat(ask(askNode, "alive")).isEqualTo(ServingStatus.SERVING);
                assertThat(ask(askCoordinator, "alive")).isEqualTo(ServingStatus.SERVING);
            }

            // And when nobody grants them any more.
            await().atMost(PATIENCE).until(() -> ask(askNode, "ready") == ServingStatus.NOT_SERVING);
            assertThat(ask(askNode, "alive")).isEqualTo(ServingStatus.SERVING);
        } finally {
            askNode.shutdownNow();
            askCoordinator.shutdownNow();
        }
    }

    @Test
    void aQuestionThatCannotBePutIsPutAgain() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        try (HealthReport report = HealthReport.start(Optional.of(freePort()))) {
            report.aliveWhile(() -> {
                if (asked.incrementAndGet() < 3) {
                    throw new IllegalStateException("not now");
                }
                return CompletableFuture.completedFuture("here");
            });

            await().atMost(PATIENCE).until(() -> asked.get() > 3);
        }
    }

    @Test
    void theHealthPortAnswersNothingElse() throws Exception {
        ListenAddress health = freePort();
        ManagedChannel channel = channel(health);
        try (NodeProcess _ = node(health, freePort())) {
            assertThat(ask(channel, "alive")).isEqualTo(ServingStatus.SERVING);

            assertThatThrownBy(() -> ClusterServiceGrpc.newBlockingStub(channel)
                            .getVersion(GetVersionRequest.getDefaultInstance()))
                    .isInstanceOfSatisfying(
                            StatusRuntimeException.class,
                            refused -> assertThat(refused.getStatus().getCode()).isEqualTo(Status.Code.UNIMPLEMENTED));
            assertThatThrownBy(() -> ask(channel, "trapline.v1.GuestService"))
                    .isInstanceOfSatisfying(
                            StatusRuntimeException.class,
                            refused -> assertThat(refused.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND));
        } finally {
            channel.shutdownNow();
        }
    }

    @Test
    void itMayBeReachedFromBeyondLoopbackWhereTheServicesMayNot() throws Exception {
        NodeSettings settings =
                NodeSettings.of(of(Map.of("id", "n1", "coordinators", "127.0.0.2:7420", "health", "0.0.0.0:7422")));

        assertThat(settings.health()).contains(ListenAddress.parse("0.0.0.0:7422"));
        assertThat(settings.insecure()).isFalse();
    }
}
