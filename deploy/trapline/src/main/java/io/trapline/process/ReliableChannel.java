package io.trapline.process;

import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelOption;
import io.trapline.model.Limit;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Channels between Trapline's own processes: the name is resolved anew at each connection, and a host that is cut off is noticed. */
final class ReliableChannel {
    private static final Duration CONNECT = Duration.ofSeconds(1);
    /** gRPC takes no less. Leases and relays do not rely on it. */
    private static final Duration KEEP_ALIVE = Duration.ofSeconds(10);

    private static final Duration KEEP_ALIVE_TIMEOUT = Duration.ofMillis(700);

    private ReliableChannel() {}

    /** To {@code host:port}. Callbacks run on its I/O threads and must not block. */
    static ManagedChannel to(String address) {
        return NettyChannelBuilder.forTarget("dns:///" + address, InsecureChannelCredentials.create())
                .withOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) CONNECT.toMillis())
                .keepAliveTime(KEEP_ALIVE.toMillis(), TimeUnit.MILLISECONDS)
                .keepAliveTimeout(KEEP_ALIVE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
                .maxInboundMessageSize(Limit.MAX_MESSAGE_BYTES.intValue())
                .directExecutor()
                .build();
    }
}
