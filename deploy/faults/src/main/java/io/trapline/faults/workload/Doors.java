package io.trapline.faults.workload;

import io.grpc.ManagedChannelBuilder;
import io.grpc.netty.NettyChannelBuilder;
import io.trapline.client.TraplineConnection;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/**
 * How the clients of a workload come to the cluster.
 *
 * @param addresses {@code host:port[,host:port…]} of it
 * @param guests where vCPU streams to an address are connected to
 * @param emulators the same for attach streams and the calls of handlers
 * @param operators the same for control calls and memory calls
 */
public record Doors(
        String addresses,
        UnaryOperator<String> guests,
        UnaryOperator<String> emulators,
        UnaryOperator<String> operators) {
    /** Longer than any failover: a call that is given up is one of which nobody knows. */
    private static final Duration TIMEOUT = Duration.ofSeconds(20);

    private static final Duration KEEP_ALIVE = Duration.ofSeconds(10);

    public Doors {
        Objects.requireNonNull(addresses, "addresses");
        Objects.requireNonNull(guests, "guests");
        Objects.requireNonNull(emulators, "emulators");
        Objects.requireNonNull(operators, "operators");
    }

    TraplineConnection guest() {
        return connect("guest", guests);
    }

    TraplineConnection emulator(String principal) {
        return connect(principal, emulators);
    }

    TraplineConnection operator(String principal) {
        return connect(principal, operators);
    }

    private TraplineConnection connect(String principal, UnaryOperator<String> door) {
        return TraplineConnection.builder()
                .addresses(addresses)
                .principal(principal)
                .timeout(TIMEOUT)
                .channels(address -> channel(door.apply(address)))
                .build();
    }

    private static ManagedChannelBuilder<?> channel(String address) {
        return NettyChannelBuilder.forTarget("dns:///" + address)
                .usePlaintext()
                .keepAliveTime(KEEP_ALIVE.toMillis(), TimeUnit.MILLISECONDS);
    }
}
