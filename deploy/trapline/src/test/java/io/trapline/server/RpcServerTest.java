package io.trapline.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import io.trapline.model.Refusal;
import io.trapline.rpc.Principals;
import io.trapline.rpc.Statuses;
import io.trapline.v1.ClusterServiceGrpc;
import io.trapline.v1.GetLimitsRequest;
import io.trapline.v1.GetLimitsResponse;
import io.trapline.v1.GetVersionRequest;
import io.trapline.v1.GetVersionResponse;
import io.trapline.v1.ListNodesRequest;
import io.trapline.v1.ListNodesResponse;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class RpcServerTest {
    /** One call throws, one ends with a status that nobody chose, one is refused. */
    private static final class Faulty extends ClusterServiceGrpc.ClusterServiceImplBase {
        @Override
        public void getLimits(GetLimitsRequest request, StreamObserver<GetLimitsResponse> answer) {
            throw new IllegalStateException("secret of " + Principals.current());
        }

        @Override
        public void listNodes(ListNodesRequest request, StreamObserver<ListNodesResponse> answer) {
            answer.onError(new IllegalStateException("secret"));
        }

        @Override
        public void getVersion(GetVersionRequest request, StreamObserver<GetVersionResponse> answer) {
            answer.onError(Statuses.toException(Refusal.noDomain(7)));
        }
    }

    private RpcServer server;
    private ManagedChannel channel;

    @BeforeEach
    void start() throws Exception {
        server = RpcServer.start(ListenAddress.ANY_PORT, false, List.<BindableService>of(new Faulty()));
        channel = NettyChannelBuilder.forTarget(server.address().toString())
                .usePlaintext()
                .build();
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        server.close();
    }

    @Test
    void nobodyReachesOneBeforeItBegins() throws Exception {
        // Given
        ListenAddress free;
        try (PortReservation port = PortReservation.of(ListenAddress.ANY_PORT, false)) {
            free = port.address();
        }

        // When
        RpcServer opened = RpcServer.open(free, false, List.of(), List.of());
        try {
            // Then: another one can have the port.
            PortReservation.of(free, false).close();

            opened.begin();
            assertThatThrownBy(() -> PortReservation.of(free, false))
                    .isInstanceOf(StartException.class)
                    .hasMessageContaining("cannot listen on " + free);
        } finally {
            opened.close();
        }
    }

    @Test
    void oneThatHasNotBegunCanBeClosed() throws Exception {
        RpcServer opened = RpcServer.open(ListenAddress.ANY_PORT, false, List.of(), List.of());

        opened.close();

        assertThatThrownBy(opened::begin).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void answersWhetherAServiceServes() {
        var health = HealthGrpc.newBlockingStub(channel);

        assertThat(health.check(HealthCheckRequest.getDefaultInstance()).getStatus())
                .isEqualTo(ServingStatus.SERVING);
        assertThat(health.check(HealthCheckRequest.newBuilder()
                                .setService(ClusterServiceGrpc.SERVICE_NAME)
                                .build())
                        .getStatus())
                .isEqualTo(ServingStatus.SERVING);
    }

    @Test
    void showsNothingOfOurInsideWhenACallBreaks() {
        // E
        var cluster = ClusterServiceGrpc.newBlockingStub(channel);

        assertThatThrownBy(() -> cluster.getLimits(GetLimitsRequest.getDefaultInstance()))
                .isInstanceOfSatisfying(StatusRuntimeException.class, RpcServerTest::isInternal);
        assertThatThrownBy(() -> cluster.listNodes(ListNodesRequest.getDefaultInstance()))
                .isInstanceOfSatisfying(StatusRuntimeException.class, RpcServerTest::isInternal);
    }

    @Test
    void passesARefusalOnWhole() {
        var cluster = ClusterServiceGrpc.newBlockingStub(channel);

        assertThatThrownBy(() -> cluster.getVersion(GetVersionRequest.getDefaultInstance()))
                .satisfies(error -> assertThat(Statuses.fromThrowable(error)).contains(Refusal.noDomain(7)));
    }

    @Test
    void saysThatAPortIsTaken() {
        assertThatThrownBy(() -> RpcServer.start(server.address(), false, List.of()))
                .isInstanceOf(StartException.class)
                .hasMessageMatching("cannot listen on 127\\.0\\.0\\.1:\\d+: Address already in use");
    }

    @Test
    void bindsToLoopbackUnlessToldOtherwise() throws Exception {
        // L
        ListenAddress wide = ListenAddress.parse("0.0.0.0:0");

        assertThatThrownBy(() -> RpcServer.start(wide, false, List.of()))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("--insecure");
        RpcServer.start(wide, true, List.of()).close();
    }

    private static void isInternal(StatusRuntimeException error) {
        assertThat(error.getStatus().getCode()).isEqualTo(Status.Code.INTERNAL);
        assertThat(error.getStatus().getDescription()).doesNotContain("secret").doesNotContain("Exception");
    }
}
