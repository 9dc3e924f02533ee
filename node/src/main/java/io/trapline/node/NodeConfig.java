package io.trapline.node;

import java.util.Objects;

/**
 * How a node is started.
 *
 * @param id its stable name, unique in the cluster
 * @param address where guests and emulators reach it, {@code host:port}
 * @param memoryBytes how much guest memory it may hold, in bytes; allocated 2 MiB at a time on the first write
 * @param typeTables how many chunks of mixed types it may describe, half a KiB of heap each
 */
public record NodeConfig(String id, String address, long memoryBytes, long typeTables) {
    private static final long TABLE_BYTES = 512;
    private static final int HEAP_PART_FOR_TABLES = 4;

    public NodeConfig {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(address, "address");
        if (memoryBytes <= 0 || typeTables <= 0) {
            throw new IllegalArgumentException("memoryBytes = " + memoryBytes + ", typeTables = " + typeTables);
        }
    }

    /** One whose type tables take at most a quarter of this process' heap. */
    public static NodeConfig of(String id, String address, long memoryBytes) {
        long heap = Runtime.getRuntime().maxMemory();
        return new NodeConfig(id, address, memoryBytes, heap / HEAP_PART_FOR_TABLES / TABLE_BYTES);
    }
}
