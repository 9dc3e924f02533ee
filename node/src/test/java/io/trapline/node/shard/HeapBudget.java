package io.trapline.node.shard;

import io.trapline.node.p2m.MemoryBudget;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Memory without a limit, until a test says that there is none left. */
final class HeapBudget implements MemoryBudget {
    boolean isUsedUp;

    @Override
    public @Nullable MemorySegment takeChunk() {
        return isUsedUp ? null : MemorySegment.ofArray(new byte[CHUNK_BYTES]);
    }

    @Override
    public void giveBackChunk(MemorySegment chunk) {}

    @Override
    public boolean allowsTables(int more) {
        return true;
    }

    @Override
    public void countTables(int more) {}
}
