package io.trapline.bench;

import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.trapline.model.Limit;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** The one transport that every process of a benchmark uses: plain gRPC on loopback, handlers on the event loop. */
final class Transport {
    private Transport() {}

    static Server serve(BindableService service) throws IOException {
        return NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .directExecutor()
                .maxInboundMessageSize(Limit.MAX_MESSAGE_BYTES.intValue())
                .addService(service)
                .build()
                .start();
    }

    static ManagedChannel connect(String address) {
        return NettyChannelBuilder.forTarget(address)
                .usePlaintext()
                .directExecutor()
                .maxInboundMessageSize(Limit.MAX_MESSAGE_BYTES.intValue())
                .build();
    }
}
