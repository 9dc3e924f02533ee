package io.trapline.faults.workload;

import io.trapline.client.TraplineConnection;
import java.time.Duration;
import java.util.Objects;

/**
 * Where the cluster is for each kind of client: {@code host:port[,host:port…]}.
 *
 * @param guests for vCPU streams
 * @param emulators for attach streams and the calls of handlers
 * @param operators for control calls and memory calls
 */
public record Doors(String guests, String emulators, String operators) {
    /** Longer than any failover: a call that is given up is one of which nobody knows. */
    private static final Duration TIMEOUT = Duration.ofSeconds(20);

    public Doors {
        Objects.requireNonNull(guests, "guests");
        Objects.requireNonNull(emulators, "emulators");
        Objects.requireNonNull(operators, "operators");
    }

    static TraplineConnection connect(String addresses, String principal) {
        return TraplineConnection.builder()
                .addresses(addresses)
                .principal(principal)
                .timeout(TIMEOUT)
                .build();
    }
}
