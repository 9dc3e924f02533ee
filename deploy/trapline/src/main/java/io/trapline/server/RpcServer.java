package io.trapline.server;

import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.ServerInterceptor;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionService;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.trapline.model.Limit;
import io.trapline.rpc.Principals;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one port: every service, health and reflection. Handlers run on the event loops and never block. */
public final class RpcServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RpcServer.class);

    private static final int MAX_CALLS_PER_CONNECTION = 1024;
    private static final long KEEP_ALIVE_SECONDS = 20;
    private static final long KEEP_ALIVE_TIMEOUT_SECONDS = 5;
    /** How often a client may ask whether we are there. */
    private static final long PERMITTED_KEEP_ALIVE_SECONDS = 5;

    private static final Duration CLOSE = Duration.ofSeconds(1);

    private final Server server;
    private final HealthStatusManager health;
    private final List<String> names;
    private ListenAddress address;

    private RpcServer(Server server, HealthStatusManager health, List<String> names, ListenAddress address) {
        this.server = server;
        this.health = health;
        this.names = names;
        this.address = address;
    }

    /** Serves from now on. A bind wider than loopback needs {@code insecure}, since there is no TLS here (L), and is logged. */
    public static RpcServer start(ListenAddress listen, boolean insecure, List<BindableService> services)
            throws StartException {
        return start(listen, insecure, services, List.of());
    }

    /** The same with what sees each call first, and each end of one last. */
    public static RpcServer start(
            ListenAddress listen, boolean insecure, List<BindableService> services, List<ServerInterceptor> watching)
            throws StartException {
        RpcServer server = open(listen, insecure, services, watching);
        server.begin();
        return server;
    }

    /** Makes one that nobody can reach yet. */
    public static RpcServer open(
            ListenAddress listen, boolean insecure, List<BindableService> services, List<ServerInterceptor> watching)
            throws StartException {
        InetSocketAddress bind = BindAddress.of(listen, insecure);
        if (!bind.getAddress().isLoopbackAddress()) {
            LOG.warn("listening on {} without TLS (--insecure): whoever reaches it may do everything", listen);
        }
        HealthStatusManager health = new HealthStatusManager();
        NettyServerBuilder builder = NettyServerBuilder.forAddress(bind)
                .directExecutor()
                .maxInboundMessageSize(Limit.MAX_MESSAGE_BYTES.intValue())
                .maxConcurrentCallsPerConnection(MAX_CALLS_PER_CONNECTION)
                .keepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
                .keepAliveTimeout(KEEP_ALIVE_TIMEOUT_SECONDS, TimeUnit.SECONDS)
                .permitKeepAliveTime(PERMITTED_KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
                .permitKeepAliveWithoutCalls(true)
                .addService(LenientRequests.of(health.getHealthService().bindService()))
                .addService(LenientRequests.of(
                        ProtoReflectionServiceV1.newInstance().bindService()))
                .addService(LenientRequests.of(oldReflection().bindService()));
        services.forEach(service -> builder.addService(LenientRequests.of(service.bindService())));
        // The interceptor that was added last is the first to see a call.
        builder.intercept(new Principals()).intercept(new UnexpectedErrors());
        watching.forEach(builder::intercept);
        List<String> names = services.stream()
                .map(service -> service.bindService().getServiceDescriptor().getName())
                .toList();
        return new RpcServer(builder.build(), health, names, listen);
    }

    /** Serves from now on. */
    public void begin() throws StartException {
        try {
            server.start();
        } catch (IOException failed) {
            throw new StartException("cannot listen on " + address + ": " + SocketReason.of(failed), failed);
        }
        address = address.withPort(server.getPort());
        serving(true);
    }

    /** What the health service says of this process, and of each of its services. */
    public void serving(boolean serves) {
        ServingStatus status = serves ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
        health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, status);
        names.forEach(name -> health.setStatus(name, status));
    }

    /** Where it can be reached. */
    public ListenAddress address() {
        return address;
    }

    /** Takes no more calls; those under way go on. */
    public void beginClose() {
        if (!server.isShutdown()) {
            health.enterTerminalState();
            server.shutdown();
        }
    }

    @Override
    public void close() {
        close(CLOSE);
    }

    /** Ends it; calls under way have so long for it. */
    public void close(Duration grace) {
        beginClose();
        try {
            if (!server.awaitTermination(grace.toMillis(), TimeUnit.MILLISECONDS)) {
                server.shutdownNow();
                server.awaitTermination(CLOSE.toMillis(), TimeUnit.MILLISECONDS);
            }
        } catch (InterruptedException interrupted) {
            server.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }

    /** Debian's Python and other clients of their age ask for v1alpha. */
    @SuppressWarnings("deprecation")
    private static BindableService oldReflection() {
        return ProtoReflectionService.newInstance();
    }
}
