package io.trapline.cli.drill;

import io.grpc.ManagedChannelBuilder;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * TCP connections that can be cut in the middle of whatever they carry: the socket is reset, what is in flight in either direction is
 * lost, and nobody is told. For {@code TraplineConnection.Builder.channels}. Thread-safe.
 */
public final class CuttableTransport implements AutoCloseable {
    private static final int CONNECT_MILLIS = 3_000;
    private static final long KEEP_ALIVE_SECONDS = 10;
    private static final long KEEP_ALIVE_TIMEOUT_SECONDS = 5;
    private static final long CLOSE_SECONDS = 5;

    private final MultiThreadIoEventLoopGroup eventLoops =
            new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final List<Channel> sockets = new ArrayList<>();

    /** A channel to {@code host:port} without TLS. */
    public ManagedChannelBuilder<?> open(String address) {
        return NettyChannelBuilder.forTarget("dns:///" + address)
                .usePlaintext()
                .eventLoopGroup(eventLoops)
                .channelFactory(this::socket)
                .withOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS)
                .keepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
                .keepAliveTimeout(KEEP_ALIVE_TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }

    /** Resets every connection that there is now; returns how many there were. New ones may be made at once. */
    public int cut() {
        List<Channel> now;
        synchronized (this) {
            now = List.copyOf(sockets);
            sockets.clear();
        }
        int cut = 0;
        for (Channel socket : now) {
            if (socket.isActive()) {
                // With a linger of 0 a close is a reset, and what waits in the socket is dropped.
                socket.config().setOption(ChannelOption.SO_LINGER, 0);
                // Past the pipeline, where HTTP/2 would say goodbye first; but not closeForcibly, which this end would
                // only notice by
                // its keep-alive.
                socket.eventLoop()
                        .submit(() -> socket.unsafe().close(socket.newPromise()))
                        .syncUninterruptibly();
                cut++;
            }
        }
        return cut;
    }

    @Override
    public void close() {
        eventLoops
                .shutdownGracefully(0, CLOSE_SECONDS, TimeUnit.SECONDS)
                .awaitUninterruptibly(CLOSE_SECONDS, TimeUnit.SECONDS);
    }

    private synchronized Channel socket() {
        NioSocketChannel socket = new NioSocketChannel();
        sockets.removeIf(old -> !old.isOpen());
        sockets.add(socket);
        return socket;
    }
}
