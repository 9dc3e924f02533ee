package io.trapline.node.p2m;

import java.lang.foreign.MemorySegment;
import java.util.IdentityHashMap;
import org.jspecify.annotations.Nullable;

/** A budget on the heap that knows every chunk it gave, and refuses one that comes back twice. */
final class CountingBudget implements MemoryBudget {
    private final IdentityHashMap<MemorySegment, Boolean> taken = new IdentityHashMap<>();
    int chunksLeft;
    int tablesLeft = Integer.MAX_VALUE;
    int tables;

    CountingBudget(int chunksLeft) {
        this.chunksLeft = chunksLeft;
    }

    int chunks() {
        return taken.size();
    }

    @Override
    public @Nullable MemorySegment takeChunk() {
        if (chunksLeft == 0) {
            return null;
        }
        chunksLeft--;
        MemorySegment chunk = MemorySegment.ofArray(new byte[CHUNK_BYTES]);
        taken.put(chunk, true);
        return chunk;
    }

    @Override
    public void giveBackChunk(MemorySegment chunk) {
        if (taken.remove(chunk) == null) {
            throw new AssertionError("not taken, or given back before");
        }
        chunksLeft++;
    }

    @Override
    public boolean allowsTables(int more) {
        return more <= tablesLeft - tables;
    }

    @Override
    public void countTables(int more) {
        tables += more;
    }
}
