package io.trapline.node.p2m;

import io.trapline.model.Pure;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The memory of a shard that may have two copies, which do the same steps in two nodes with memory of their own. A primary notes which of a step's requests it was
 * refused, and a backup refuses the same ones and no others: what its node has no memory for it takes from the heap, and is over with the step, since it
 * {@link #isExceeded}.
 */
@Pure
public final class StepMemory implements MemoryBudget {
    private static final int[] NONE = {};

    private final MemoryBudget budget;
    private int[] refused = NONE;
    private int requests;
    private boolean replays;
    private boolean exceeded;

    /** Takes from that budget. */
    public StepMemory(MemoryBudget budget) {
        this.budget = budget;
    }

    /** A step of a primary begins. */
    public void begin() {
        replays = false;
        requests = 0;
        refused = NONE;
    }

    /** A step of a backup begins, whose primary was refused these requests; ascending. */
    public void replay(int[] alsoRefused) {
        replays = true;
        requests = 0;
        refused = alsoRefused;
    }

    /** Which of the step's requests, 0 and up, were refused. */
    public int[] refused() {
        return refused;
    }

    /** Whether a backup has needed more than its node has. */
    public boolean isExceeded() {
        return exceeded;
    }

    @Override
    public @Nullable MemorySegment takeChunk() {
        int request = requests++;
        if (replays && isRefused(request)) {
            return null;
        }
        MemorySegment chunk = budget.takeChunk();
        if (chunk == null && replays) {
            exceeded = true;
            return MemorySegment.ofArray(new byte[CHUNK_BYTES]);
        }
        if (chunk == null) {
            refuse(request);
        }
        return chunk;
    }

    private boolean isRefused(int request) {
        return Arrays.binarySearch(refused, request) >= 0;
    }

    private void refuse(int request) {
        refused = Arrays.copyOf(refused, refused.length + 1);
        refused[refused.length - 1] = request;
    }

    @Override
    public void giveBackChunk(MemorySegment chunk) {
        if (chunk.isNative()) {
            budget.giveBackChunk(chunk);
        }
    }

    @Override
    public boolean allowsTables(int more) {
        int request = requests++;
        if (replays) {
            return !isRefused(request);
        }
        boolean allows = budget.allowsTables(more);
        if (!allows) {
            refuse(request);
        }
        return allows;
    }

    @Override
    public void countTables(int more) {
        budget.countTables(more);
    }
}
