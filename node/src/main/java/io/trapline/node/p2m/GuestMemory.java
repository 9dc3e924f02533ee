package io.trapline.node.p2m;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The guest memory of one node, off heap: an arena per chunk, so that what is given back is free at once, and a touch of it
 * afterwards is an exception. Any thread may call it.
 */
public final class GuestMemory implements MemoryBudget {
    private final long limitBytes;
    private final long limitTables;
    private final AtomicLong usedBytes = new AtomicLong();
    private final AtomicLong tables = new AtomicLong();
    private final ConcurrentHashMap<Long, Arena> arenas = new ConcurrentHashMap<>();

    /**
     * @param limitBytes off heap, for contents
     * @param limitTables tables of types, of about 0.5 KiB of heap each: as many 2 MiB chunks may have pages of several types
     */
    public GuestMemory(long limitBytes, long limitTables) {
        this.limitBytes = limitBytes;
        this.limitTables = limitTables;
    }

    @Override
    public @Nullable MemorySegment takeChunk() {
        if (usedBytes.addAndGet(CHUNK_BYTES) > limitBytes) {
            usedBytes.addAndGet(-CHUNK_BYTES);
            return null;
        }
        Arena arena = Arena.ofShared();
        try {
            MemorySegment chunk = arena.allocate(CHUNK_BYTES, Long.BYTES);
            arenas.put(chunk.address(), arena);
            return chunk;
        } catch (OutOfMemoryError machineHasNone) {
            arena.close();
            usedBytes.addAndGet(-CHUNK_BYTES);
            return null;
        }
    }

    @Override
    public void giveBackChunk(MemorySegment chunk) {
        Arena arena = arenas.remove(chunk.address());
        if (arena == null) {
            throw new IllegalStateException("no chunk of this memory, or given back before");
        }
        arena.close();
        usedBytes.addAndGet(-CHUNK_BYTES);
    }

    @Override
    public boolean allowsTables(int more) {
        return tables.get() + more <= limitTables;
    }

    @Override
    public void countTables(int more) {
        tables.addAndGet(more);
    }

    /** Taken and not given back, in bytes. */
    public long usedBytes() {
        return usedBytes.get();
    }

    /** How much may be taken, in bytes. */
    public long limitBytes() {
        return limitBytes;
    }

    /** Tables of types that are in use. */
    public long tables() {
        return tables.get();
    }
}
