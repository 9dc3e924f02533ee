package io.trapline.faults.workload;

import io.grpc.ManagedChannelBuilder;
import io.grpc.netty.NettyChannelBuilder;
import io.trapline.client.TraplineConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
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

    /** {@code first}: the place of the address that it begins with, round and round. */
    TraplineConnection guest(int first) {
        return connect("guest", guests, first);
    }

    TraplineConnection emulator(String principal) {
        return connect(principal, emulators, 0);
    }

    TraplineConnection operator(String principal) {
        return connect(principal, operators, 0);
    }

    private TraplineConnection connect(String principal, UnaryOperator<String> door, int first) {
        List<String> all = new ArrayList<>(List.of(addresses.split(",", -1)));
        Collections.rotate(all, -first);
        return TraplineConnection.builder()
                .addresses(String.join(",", all))
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
