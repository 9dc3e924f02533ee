package io.trapline.node.lease;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelOption;
import io.trapline.model.Limit;
import java.util.concurrent.TimeUnit;

/** Connections between Trapline's own processes: one that is dead is noticed within a second, since a lease does not last much longer. */
public final class CoordinatorChannels {
    private static final int CONNECT_MILLIS = 700;
    private static final long KEEP_ALIVE_MILLIS = 300;
    private static final long KEEP_ALIVE_TIMEOUT_MILLIS = 700;
    private static final long MAX_IDLE_DAYS = 3_650;

    private CoordinatorChannels() {}

    /** Over TCP; the name is resolved when it connects. The server must permit a keep-alive every 300 ms. */
    public static ManagedChannel tcp(String address) {
        return NettyChannelBuilder.forTarget(address)
                .usePlaintext()
                .withOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS)
                .keepAliveTime(KEEP_ALIVE_MILLIS, TimeUnit.MILLISECONDS)
                .keepAliveTimeout(KEEP_ALIVE_TIMEOUT_MILLIS, TimeUnit.MILLISECONDS)
                .keepAliveWithoutCalls(true)
                .idleTimeout(MAX_IDLE_DAYS, TimeUnit.DAYS)
                .maxInboundMessageSize(Limit.MAX_MESSAGE_BYTES.intValue())
                .build();
    }
}
