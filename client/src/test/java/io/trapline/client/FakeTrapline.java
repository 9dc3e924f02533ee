package io.trapline.client;

import io.grpc.BindableService;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.trapline.rpc.Principals;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** Trapline's services as tests need them, at any number of addresses inside this process. */
final class FakeTrapline implements AutoCloseable {
    private static final AtomicInteger NAMES = new AtomicInteger();

    final FakeGuests guests = new FakeGuests();
    final FakeEmulators emulators = new FakeEmulators();
    final FakeControl control = new FakeControl();

    /** The address of every call that arrived, in order. */
    final List<String> calls = new CopyOnWriteArrayList<>();

    private final String prefix = "fake" + NAMES.incrementAndGet() + "-";
    private final ExecutorService executor = Executors.newCachedThreadPool();
    private final List<Server> servers = new CopyOnWriteArrayList<>();

    /** Serves at that address, {@code host:port}, from now on. */
    Server serve(String address) {
        return serve(address, InProcessServerBuilder.forName(prefix + address));
    }

    /** Serves at a port of 127.0.0.1 from now on. */
    Server serveTcp() {
        return serve("tcp", NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
    }

    private Server serve(String address, ServerBuilder<?> builder) {
        builder.executor(executor);
        List<BindableService> services =
                List.of(guests, emulators, control.sessions, control.domains, control.servers, control.memory);
        services.forEach(builder::addService);
        builder.intercept(new Principals());
        builder.intercept(new ServerInterceptor() {
            @Override
            public <Q, R> ServerCall.Listener<Q> interceptCall(
                    ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
                calls.add(address);
                return Contexts.interceptCall(Context.current().withValue(FakeGuests.AT, address), call, headers, next);
            }
        });
        try {
            Server server = builder.build().start();
            servers.add(server);
            return server;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** A connection's builder that finds the fake at these addresses. */
    TraplineConnection.Builder connection(String addresses) {
        return TraplineConnection.builder().addresses(addresses).channels(this::channel);
    }

    private ManagedChannelBuilder<?> channel(String address) {
        return InProcessChannelBuilder.forName(prefix + address);
    }

    @Override
    public void close() {
        servers.forEach(Server::shutdownNow);
        executor.shutdownNow();
    }
}
