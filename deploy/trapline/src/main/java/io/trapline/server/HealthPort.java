package io.trapline.server;

import io.grpc.Server;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * A port that says how a process is to whoever asks, and nothing else: {@code grpc.health.v1.Health} without TLS. So it may be reached from
 * beyond loopback where the services may not. Its services are {@value #READY}, which is also what is said of none, and {@value #ALIVE}.
 */
public final class HealthPort implements AutoCloseable {
    /** Guests, emulators and operators are served, or will be by whom it leads them to: send them here. */
    public static final String READY = "ready";

    /** The process does what it is asked to: starting it again would not help. */
    public static final String ALIVE = "alive";

    private static final int LONGEST_MESSAGE_BYTES = 4096;
    private static final int MAX_CALLS_PER_CONNECTION = 16;
    private static final Duration CLOSE = Duration.ofSeconds(1);

    private final Server server;
    private final HealthStatusManager health;
    private final ListenAddress address;

    private HealthPort(Server server, HealthStatusManager health, ListenAddress address) {
        this.server = server;
        this.health = health;
        this.address = address;
    }

    /** Answers from now on: alive, and not ready. Port 0 = any. */
    public static HealthPort start(ListenAddress listen) throws StartException {
        HealthStatusManager health = new HealthStatusManager();
        try {
            Server server = NettyServerBuilder.forAddress(
                            new InetSocketAddress(InetAddress.getByName(listen.host()), listen.port()))
                    .directExecutor()
                    .maxInboundMessageSize(LONGEST_MESSAGE_BYTES)
                    .maxConcurrentCallsPerConnection(MAX_CALLS_PER_CONNECTION)
                    .addService(LenientRequests.of(health.getHealthService().bindService()))
                    .intercept(new UnexpectedErrors())
                    .build()
                    .start();
            HealthPort started = new HealthPort(server, health, listen.withPort(server.getPort()));
            started.ready(false);
            started.alive(true);
            return started;
        } catch (UnknownHostException unknown) {
            throw new StartException("cannot listen on " + listen + " for health: no such host", unknown);
        } catch (IOException failed) {
            throw new StartException("cannot listen on " + listen + " for health: " + SocketReason.of(failed), failed);
        }
    }

    /** Whether it does what it is there for. */
    public void ready(boolean is) {
        health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, status(is));
        health.setStatus(READY, status(is));
    }

    /** Whether it does anything at all. */
    public void alive(boolean is) {
        health.setStatus(ALIVE, status(is));
    }

    private static ServingStatus status(boolean is) {
        return is ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
    }

    /** Where it can be asked. */
    public ListenAddress address() {
        return address;
    }

    @Override
    public void close() {
        server.shutdownNow();
        try {
            server.awaitTermination(CLOSE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
