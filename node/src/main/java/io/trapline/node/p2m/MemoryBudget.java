package io.trapline.node.p2m;

import io.trapline.model.Pure;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Where the shards of a node get their memory from, and what keeps them from taking more than there is. Called by the actors of all
 * shards.
 *
 * <p>An interface because a shard decides by itself, while memory is shared by threads and comes from the machine.
 */
@Pure
public interface MemoryBudget {
    /** Bytes of a chunk. */
    int CHUNK_BYTES = 2 << 20;

    /** {@link #CHUNK_BYTES} of zeroes for the caller alone; null when there is no memory left (ENOSPC). */
    @Nullable
    MemorySegment takeChunk();

    /** Ends a chunk that {@link #takeChunk} gave; it must not be touched any more. */
    void giveBackChunk(MemorySegment chunk);

    /** Whether so many type tables more would be within the budget. */
    boolean allowsTables(int more);

    /** Counts type tables that were made, or with a negative number let go. Not refused: ask {@link #allowsTables} first. */
    void countTables(int more);
}
