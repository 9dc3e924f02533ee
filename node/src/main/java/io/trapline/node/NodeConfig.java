package io.trapline.node;

import io.grpc.ManagedChannel;
import io.trapline.model.Refusal;
import io.trapline.node.lease.KnownCoordinators;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * How a node is started.
 *
 * @param id its stable name, unique in the cluster
 * @param address where guests and emulators reach it, {@code host:port}
 * @param memoryBytes how much guest memory it may hold, in bytes; allocated 2 MiB at a time on the first write
 * @param typeTables how many chunks of mixed types it may describe, half a KiB of heap each
 * @param coordinators addresses of coordinators, at least one
 * @param channels opens a connection to one of them; the node closes it
 * @param clock monotonic, in nanoseconds: its lease is counted by it
 * @param onCoordinators given where the coordinators are, when that is news; must not block
 * @param onOver given why, when this life of the node is over and its process should end; must not block
 */
public record NodeConfig(
        String id,
        String address,
        long memoryBytes,
        long typeTables,
        List<String> coordinators,
        Function<String, ManagedChannel> channels,
        LongSupplier clock,
        Consumer<KnownCoordinators> onCoordinators,
        Consumer<Refusal> onOver) {
    private static final long TABLE_BYTES = 512;
    private static final int HEAP_PART_FOR_TABLES = 4;

    public NodeConfig {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(address, "address");
        coordinators = List.copyOf(coordinators);
        if (memoryBytes <= 0 || typeTables <= 0 || coordinators.isEmpty()) {
            throw new IllegalArgumentException("memoryBytes = " + memoryBytes + ", typeTables = " + typeTables
                    + ", coordinators = " + coordinators);
        }
    }

    /** One whose type tables take at most a quarter of this process' heap, on this process' clock. */
    public static NodeConfig of(
            String id,
            String address,
            long memoryBytes,
            List<String> coordinators,
            Function<String, ManagedChannel> channels,
            Consumer<Refusal> onOver) {
        long tables = Runtime.getRuntime().maxMemory() / HEAP_PART_FOR_TABLES / TABLE_BYTES;
        return new NodeConfig(
                id, address, memoryBytes, tables, coordinators, channels, System::nanoTime, known -> {}, onOver);
    }

    /** The same, which says where the coordinators are. */
    public NodeConfig telling(Consumer<KnownCoordinators> of) {
        return new NodeConfig(id, address, memoryBytes, typeTables, coordinators, channels, clock, of, onOver);
    }
}
