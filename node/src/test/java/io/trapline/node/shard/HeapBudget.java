package io.trapline.node.shard;

import io.trapline.node.p2m.MemoryBudget;
import java.lang.foreign.MemorySegment;

/** Memory without a limit, for tests of what does not depend on one. */
final class HeapBudget implements MemoryBudget {
    @Override
    public MemorySegment takeChunk() {
        return MemorySegment.ofArray(new byte[CHUNK_BYTES]);
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
