package io.trapline.cli;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import io.trapline.cli.text.Json;
import io.trapline.server.HealthPort;
import io.trapline.server.ListenAddress;
import io.trapline.server.SocketReason;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code health}: what a coordinator or node says of itself at its health port. */
@Command(
        name = "health",
        description = {
            "Ask a coordinator or node at its health port (--health of 'coordinator' and 'node') how it is: 0 yes, 1 no, 4 nobody answers.",
            "Ready: it does what it is there for; a node has a lease and has caught up, a coordinator leads or follows a leader. Alive: it"
                    + " answers at all; what is alive and not ready waits for others, and starting it again would not help."
        },
        footer = {"", "Example:", "  trapline health --ready 127.0.0.1:7422"})
final class HealthCommand implements Callable<Integer> {
    private static final String VARIABLE = "TRAPLINE_HEALTH";

    @ParentCommand
    private TraplineCommand trapline;

    @Option(names = "--ready", description = "Ask whether it is ready (default).")
    private boolean ready;

    @Option(names = "--alive", description = "Ask whether it is alive.")
    private boolean alive;

    @Parameters(
            arity = "0..1",
            paramLabel = "HOST:PORT",
            description = "Where its health port is (default: what " + VARIABLE + " says).")
    private @Nullable String where;

    @Override
    public Integer call() throws BadInput {
        if (ready && alive) {
            throw new BadInput("--ready excludes --alive");
        }
        String service = alive ? HealthPort.ALIVE : HealthPort.READY;
        ListenAddress address = address();
        boolean is;
        try {
            is = ask(address, service) == ServingStatus.SERVING;
        } catch (StatusRuntimeException nobody) {
            trapline.console().record(Json.object().put("error", "unreachable").put("exit", ExitCode.UNREACHABLE));
            trapline.console().note("trapline: unreachable: " + address + ": " + SocketReason.of(nobody));
            return ExitCode.UNREACHABLE;
        }
        trapline.console()
                .result(
                        is ? service : "not " + service,
                        Json.object()
                                .put("address", address.toString())
                                .put("asked", service)
                                .put("is", is));
        return is ? ExitCode.DONE : ExitCode.CHECK_FAILED;
    }

    private ServingStatus ask(ListenAddress address, String service) throws BadInput {
        ManagedChannel channel = NettyChannelBuilder.forAddress(resolved(address))
                .usePlaintext()
                .directExecutor()
                .build();
        try {
            return HealthGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(trapline.patience().toMillis(), TimeUnit.MILLISECONDS)
                    .check(HealthCheckRequest.newBuilder().setService(service).build())
                    .getStatus();
        } catch (StatusRuntimeException refused) {
            if (refused.getStatus().getCode() == Status.Code.NOT_FOUND) {
                throw new BadInput(address + " is no health port: it knows no service '" + service + "'");
            }
            throw refused;
        } finally {
            channel.shutdownNow();
        }
    }

    /** What listens on every address of this machine is asked on loopback. */
    private static InetSocketAddress resolved(ListenAddress address) throws BadInput {
        try {
            InetAddress host = InetAddress.getByName(address.host());
            return new InetSocketAddress(
                    host.isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : host, address.port());
        } catch (UnknownHostException unknown) {
            throw new BadInput("HOST:PORT: there is no host '" + address.host() + "'");
        }
    }

    private ListenAddress address() throws BadInput {
        String text = where == null ? System.getenv(VARIABLE) : where;
        if (text == null || text.isEmpty()) {
            throw new BadInput("HOST:PORT is missing, and " + VARIABLE + " is not set");
        }
        try {
            return ListenAddress.parse(text);
        } catch (IllegalArgumentException malformed) {
            throw new BadInput((where == null ? VARIABLE : "HOST:PORT") + ": " + malformed.getMessage());
        }
    }
}
