package io.trapline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.trapline.cli.text.Json;
import io.trapline.client.DomainRef;
import io.trapline.client.TraplineConnection;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import io.trapline.v1.Claim;
import io.trapline.v1.ClaimEnd;
import io.trapline.v1.CreateIoreqServerRequest;
import io.trapline.v1.CreateIoreqServerResponse;
import io.trapline.v1.IoreqServerServiceGrpc;
import io.trapline.v1.OpenSessionRequest;
import io.trapline.v1.OpenSessionResponse;
import io.trapline.v1.SessionServiceGrpc;
import io.trapline.v1.SetIoreqServerStateRequest;
import io.trapline.v1.SetIoreqServerStateResponse;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code server create --enable}, also where only half of it is done. */
final class ServerCreateTest {
    @RegisterExtension
    static final EmbeddedShell CLUSTER = new EmbeddedShell();

    private final Shell shell = new Shell();

    @Test
    void enablesItAtOnceWhereThatIsAsked() {
        CLUSTER.json("domain create --pages 1 --domid 7");

        assertThat(CLUSTER.run(shell, "server create 7 --enable")).isEqualTo(ExitCode.DONE);
        assertThat(shell.out()).contains("IOREQ server 0 of domain 7 created").endsWith("it is enabled\n");
        assertThat(CLUSTER.run(shell, "server create 7")).isEqualTo(ExitCode.DONE);
        assertThat(shell.out()).endsWith("it is disabled\n");

        assertThat(CLUSTER.json("server list 7").json())
                .extracting(row -> row.get("state"))
                .startsWith("enabled", "disabled");
    }

    @Test
    void releasesItsClaimsWhenNoEmulatorHasComeForTheGracePeriod() {
        // C6, C8
        CLUSTER.json("domain create --pages 1 --domid 8");
        CLUSTER.json("server create 8 --on-disconnect release --grace 400ms --principal alice");
        CLUSTER.json("server create 8 --principal bob");
        CLUSTER.json("claim take 8 0 ioreq_server[3] write --principal alice");
        assertThat(CLUSTER.run(shell, "claim take 8 1 ioreq_server[3] write --principal bob"))
                .isEqualTo(ExitCode.REFUSED);

        Awaitility.await()
                .until(() -> CLUSTER.run(new Shell(), "claim take 8 1 ioreq_server[3] write --principal bob")
                        == ExitCode.DONE);

        assertThat(CLUSTER.json("server info 8 0").summary().get("grace_ms")).isEqualTo(400L);
        try (TraplineConnection connection = TraplineConnection.to(CLUSTER.address())) {
            assertThat(connection.ioreqServers().listClaimHistory(DomainRef.of(8)))
                    .extracting(Claim::getEnd)
                    .containsExactly(ClaimEnd.CLAIM_END_DISCONNECTED);
        }
    }

    @Test
    void takesAGraceForServersThatReleaseAlone() {
        CLUSTER.json("domain create --pages 1 --domid 9");

        assertThat(CLUSTER.run(shell, "server create 9 --grace 1s")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains("--grace");
        assertThat(CLUSTER.run(shell, "server create 9 --on-disconnect release --grace 2h"))
                .isEqualTo(ExitCode.REFUSED);
        assertThat(shell.err()).contains("grace_ms").contains("3600000");
        assertThat(CLUSTER.json("server list 9").summary().get("servers")).isEqualTo(0L);
    }

    @Test
    void saysWhatThereIsWhereItCannotBeEnabled() throws Exception {
        Server half = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(new CreatesOnly())
                .addService(new Sessions())
                .build()
                .start();
        try {
            int exit = shell.run(
                    "server", "create", "7", "--enable", "--json", "--connect", "127.0.0.1:" + half.getPort());

            assertThat(exit).isEqualTo(ExitCode.REFUSED);
            assertThat(shell.err().lines())
                    .containsExactly(
                            "trapline: IOREQ server 5 of domain 7 was created, generation 99, but not enabled",
                            "trapline: ENOSPC: no more");
            Json created = shell.json().getFirst();
            assertThat(created.get("id")).isEqualTo(5L);
            assertThat(created.get("state")).isEqualTo("disabled");
            assertThat(shell.summary().get("error")).isEqualTo("ENOSPC");
        } finally {
            half.shutdownNow().awaitTermination();
        }
    }

    private static final class Sessions extends SessionServiceGrpc.SessionServiceImplBase {
        @Override
        public void openSession(OpenSessionRequest request, StreamObserver<OpenSessionResponse> response) {
            response.onNext(OpenSessionResponse.newBuilder()
                    .setSession(1)
                    .setRenewEveryMs(20_000)
                    .build());
            response.onCompleted();
        }
    }

    private static final class CreatesOnly extends IoreqServerServiceGrpc.IoreqServerServiceImplBase {
        @Override
        public void createIoreqServer(
                CreateIoreqServerRequest request, StreamObserver<CreateIoreqServerResponse> response) {
            response.onNext(CreateIoreqServerResponse.newBuilder()
                    .setId(5)
                    .setGeneration(99)
                    .build());
            response.onCompleted();
        }

        @Override
        public void setIoreqServerState(
                SetIoreqServerStateRequest request, StreamObserver<SetIoreqServerStateResponse> response) {
            response.onError(Statuses.toException(Refusal.of(Errno.ENOSPC, "no more")));
        }
    }
}
