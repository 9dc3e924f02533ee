package io.trapline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.trapline.cli.text.Json;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
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
