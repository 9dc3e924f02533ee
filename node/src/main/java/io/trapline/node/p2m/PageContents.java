package io.trapline.node.p2m;

import io.trapline.model.Pure;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What is in a shard's pages: chunks of 2 MiB that are taken from the budget when they are first written; what was never written is
 * zero (T1). Offsets are bytes from the shard's first page. Which page has contents is for {@link P2m} to know.
 */
@Pure
final class PageContents {
    private static final int CHUNK_SHIFT = Integer.numberOfTrailingZeros(MemoryBudget.CHUNK_BYTES);
    private static final int CHUNK_MASK = MemoryBudget.CHUNK_BYTES - 1;
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final MemorySegment[] NEVER_WRITTEN = {};

    private final MemoryBudget budget;
    private final int length;
    // Empty until the first write, then null where a chunk was never written: a shard that nobody writes costs nothing.
    private MemorySegment[] chunks = NEVER_WRITTEN;
    /** Chunks that are not what another copy was given; null while none is given any. */
    private @Nullable BitSet unsent;

    /** Of so many chunks. */
    PageContents(int length, MemoryBudget budget) {
        this.length = length;
        this.budget = budget;
    }

    /** 1, 2, 4 or 8 bytes that lie in one chunk, little endian, the rest of the value zero. */
    long read(long offset, int sizeBytes) {
        MemorySegment chunk = chunk(offset);
        if (chunk == null) {
            return 0;
        }
        long at = offset & CHUNK_MASK;
        return switch (sizeBytes) {
            case 1 -> chunk.get(ValueLayout.JAVA_BYTE, at) & 0xFFL;
            case 2 -> chunk.get(SHORT, at) & 0xFFFFL;
            case 4 -> chunk.get(INT, at) & 0xFFFF_FFFFL;
            case 8 -> chunk.get(LONG, at);
            default -> throw new IllegalArgumentException("sizeBytes = " + sizeBytes);
        };
    }

    /** Writes the low 1, 2, 4 or 8 bytes of the value; false when there is no memory left. */
    boolean write(long offset, int sizeBytes, long value) {
        MemorySegment chunk = chunk(offset);
        if (chunk == null) {
            chunk = take((int) (offset >>> CHUNK_SHIFT));
            if (chunk == null) {
                return false;
            }
        }
        changed((int) (offset >>> CHUNK_SHIFT));
        long at = offset & CHUNK_MASK;
        switch (sizeBytes) {
            case 1 -> chunk.set(ValueLayout.JAVA_BYTE, at, (byte) value);
            case 2 -> chunk.set(SHORT, at, (short) value);
            case 4 -> chunk.set(INT, at, (int) value);
            case 8 -> chunk.set(LONG, at, value);
            default -> throw new IllegalArgumentException("sizeBytes = " + sizeBytes);
        }
        return true;
    }

    /** Copies out, across chunks. */
    void read(long offset, byte[] to, int index, int sizeBytes) {
        int done = 0;
        while (done < sizeBytes) {
            long from = (offset + done) & CHUNK_MASK;
            int n = (int) Math.min(sizeBytes - done, MemoryBudget.CHUNK_BYTES - from);
            MemorySegment chunk = chunk(offset + done);
            if (chunk == null) {
                Arrays.fill(to, index + done, index + done + n, (byte) 0);
            } else {
                MemorySegment.copy(chunk, ValueLayout.JAVA_BYTE, from, to, index + done, n);
            }
            done += n;
        }
    }

    /** Copies in, across chunks, all of which {@link #take} has taken. */
    void write(long offset, byte[] from, int index, int sizeBytes) {
        int done = 0;
        while (done < sizeBytes) {
            long at = (offset + done) & CHUNK_MASK;
            int n = (int) Math.min(sizeBytes - done, MemoryBudget.CHUNK_BYTES - at);
            int chunk = (int) ((offset + done) >>> CHUNK_SHIFT);
            MemorySegment.copy(from, index + done, chunks[chunk], ValueLayout.JAVA_BYTE, at, n);
            changed(chunk);
            done += n;
        }
    }

    boolean has(int chunk) {
        return chunks.length != 0 && chunks[chunk] != null;
    }

    /** The chunk, taken from the budget if it was never written; null when there is no memory left. */
    @Nullable
    MemorySegment take(int chunk) {
        if (has(chunk)) {
            return chunks[chunk];
        }
        MemorySegment taken = budget.takeChunk();
        if (taken != null) {
            if (chunks.length == 0) {
                chunks = new MemorySegment[length];
            }
            chunks[chunk] = taken;
            changed(chunk);
        }
        return taken;
    }

    /** How many chunks there may be. */
    int length() {
        return length;
    }

    /** What was in the chunk is gone for good. */
    void giveBack(int chunk) {
        if (has(chunk)) {
            budget.giveBackChunk(chunks[chunk]);
            chunks[chunk] = null;
            changed(chunk);
        }
    }

    /** From now on it is known what another copy has to be given: all there is, and then what changes. */
    void beginCopying() {
        BitSet all = new BitSet(length);
        for (int chunk = 0; chunk < chunks.length; chunk++) {
            all.set(chunk, has(chunk));
        }
        unsent = all;
    }

    /** No other copy is given anything. */
    void endCopying() {
        unsent = null;
    }

    /** How many chunks another copy has yet to be given. */
    int unsent() {
        return unsent == null ? 0 : unsent.cardinality();
    }

    /** The first chunk at or behind {@code from}, else the first of all, that another copy has yet to be given, and now is. There must be one. */
    int takeUnsent(int from) {
        BitSet left = Objects.requireNonNull(unsent);
        int behind = left.nextSetBit(from);
        int chunk = behind < 0 ? left.nextSetBit(0) : behind;
        left.clear(chunk);
        return chunk;
    }

    private void changed(int chunk) {
        if (unsent != null) {
            unsent.set(chunk);
        }
    }

    /** Gives everything back. */
    void close() {
        for (int chunk = 0; chunk < chunks.length; chunk++) {
            giveBack(chunk);
        }
        chunks = NEVER_WRITTEN;
        unsent = null;
    }

    private @Nullable MemorySegment chunk(long offset) {
        return chunks.length == 0 ? null : chunks[(int) (offset >>> CHUNK_SHIFT)];
    }
}
