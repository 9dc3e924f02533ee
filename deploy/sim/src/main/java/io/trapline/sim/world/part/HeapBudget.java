package io.trapline.sim.world.part;

import io.trapline.node.p2m.MemoryBudget;
import java.lang.foreign.MemorySegment;

/** Guest memory on the heap, without a limit. */
public final class HeapBudget implements MemoryBudget {
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
