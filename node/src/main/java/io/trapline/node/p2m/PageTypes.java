package io.trapline.node.p2m;

import io.trapline.model.MemType;
import io.trapline.model.Pure;
import io.trapline.model.TypeRun;
import io.trapline.node.replica.StateImage;
import java.util.Arrays;
import java.util.List;

/**
 * The types of the pages that a shard's domain was created with: one byte for all of them while they are alike, then one a chunk
 * of 512 pages, and a table for a chunk whose pages differ. Pages count from the shard's first one.
 */
@Pure
final class PageTypes {
    /** Pages of a chunk. */
    static final int CHUNK_PAGES = 512;

    static final int CHUNK_SHIFT = Integer.numberOfTrailingZeros(CHUNK_PAGES);

    /** What a chunk's byte holds while its pages differ; no type has that code. */
    private static final byte MIXED = 0;

    private static final byte[] ALIKE = {};
    private static final byte[][] NO_TABLES = {};

    private final long pages;
    private final MemoryBudget budget;
    private byte all = MemType.RAM_RW.code();
    private byte[] chunks = ALIKE;
    // Set where the chunk's byte is MIXED, else null.
    private byte[][] tables = NO_TABLES;

    /** So many pages, all of them RAM_RW (T1). */
    PageTypes(long pages, MemoryBudget budget) {
        this.pages = pages;
        this.budget = budget;
    }

    /** How many chunks those pages make; the last one may have fewer. */
    static int chunksOf(long pages) {
        return Math.toIntExact((pages + CHUNK_PAGES - 1) >>> CHUNK_SHIFT);
    }

    byte typeOf(long page) {
        if (chunks.length == 0) {
            return all;
        }
        int chunk = (int) (page >>> CHUNK_SHIFT);
        byte type = chunks[chunk];
        return type != MIXED ? type : tables[chunk][(int) page & (CHUNK_PAGES - 1)];
    }

    /** The last page, up to the limit, of the run of one type that begins with the page. */
    long runEnd(long page, long limit) {
        if (chunks.length == 0) {
            return limit;
        }
        byte type = typeOf(page);
        long next = page;
        while (next <= limit) {
            int chunk = (int) (next >>> CHUNK_SHIFT);
            if (chunks[chunk] == MIXED) {
                byte[] table = tables[chunk];
                int i = (int) next & (CHUNK_PAGES - 1);
                while (i < table.length && table[i] == type) {
                    i++;
                }
                next = ((long) chunk << CHUNK_SHIFT) + i;
                if (i < table.length) {
                    break;
                }
            } else if (chunks[chunk] == type) {
                next = (chunk + 1L) << CHUNK_SHIFT;
            } else {
                break;
            }
        }
        return Math.min(next - 1, limit);
    }

    /** How many tables it takes to carry the runs out, at most; they ascend, and their frames count from the shard's first one on. */
    int tablesFor(List<TypeRun> runs, long firstGfn) {
        int made = 0;
        long counted = -1;
        for (TypeRun run : runs) {
            long first = run.firstGfn() - firstGfn;
            long last = Math.min(run.lastGfn() - firstGfn, pages - 1);
            for (long edge = first; edge <= last; edge = edge < last ? last : last + 1) {
                long chunk = edge >>> CHUNK_SHIFT;
                if (chunk != counted
                        && makesTable((int) chunk, first, last, run.type().code())) {
                    counted = chunk;
                    made++;
                }
            }
        }
        return made;
    }

    private boolean makesTable(int chunk, long first, long last, byte type) {
        byte now = chunks.length == 0 ? all : chunks[chunk];
        long start = (long) chunk << CHUNK_SHIFT;
        boolean whole = first <= start && last >= start + pagesOf(chunk) - 1;
        return now != MIXED && now != type && !whole;
    }

    /** Gives the pages first … last, inclusive, that type. */
    void set(long first, long last, byte type) {
        if (first == 0 && last == pages - 1) {
            dropTables();
            chunks = ALIKE;
            all = type;
            return;
        }
        if (chunks.length == 0) {
            if (type == all) {
                return;
            }
            chunks = new byte[chunksOf(pages)];
            Arrays.fill(chunks, all);
        }
        int lastChunk = (int) (last >>> CHUNK_SHIFT);
        for (int chunk = (int) (first >>> CHUNK_SHIFT); chunk <= lastChunk; chunk++) {
            long start = (long) chunk << CHUNK_SHIFT;
            int from = (int) Math.max(first - start, 0);
            int to = (int) Math.min(last - start + 1, pagesOf(chunk));
            setIn(chunk, from, to, type);
        }
    }

    /** The type of all pages of the chunk, or -1 while they differ. */
    int typeOfChunk(int chunk) {
        byte type = chunks.length == 0 ? all : chunks[chunk];
        return type == MIXED ? -1 : type;
    }

    /** Lets go of the tables. */
    void close() {
        dropTables();
    }

    private void setIn(int chunk, int from, int to, byte type) {
        if (to - from == pagesOf(chunk)) {
            dropTable(chunk);
            chunks[chunk] = type;
            return;
        }
        if (chunks[chunk] == type) {
            return;
        }
        if (chunks[chunk] != MIXED) {
            makeTable(chunk);
        }
        byte[] table = tables[chunk];
        Arrays.fill(table, from, to, type);
        if (isAlike(table)) {
            dropTable(chunk);
            chunks[chunk] = type;
        }
    }

    private static boolean isAlike(byte[] table) {
        for (byte type : table) {
            if (type != table[0]) {
                return false;
            }
        }
        return true;
    }

    private void makeTable(int chunk) {
        if (tables.length == 0) {
            tables = new byte[chunks.length][];
        }
        byte[] table = new byte[pagesOf(chunk)];
        Arrays.fill(table, chunks[chunk]);
        tables[chunk] = table;
        chunks[chunk] = MIXED;
        budget.countTables(1);
    }

    private void dropTable(int chunk) {
        if (tables.length != 0 && tables[chunk] != null) {
            tables[chunk] = null;
            budget.countTables(-1);
        }
    }

    private void dropTables() {
        for (int chunk = 0; chunk < tables.length; chunk++) {
            dropTable(chunk);
        }
        tables = NO_TABLES;
    }

    private int pagesOf(int chunk) {
        return (int) Math.min(CHUNK_PAGES, pages - ((long) chunk << CHUNK_SHIFT));
    }

    /** All that a fresh copy has to have of it, both ways (D-24). */
    void image(StateImage image) {
        all = image.of(all);
        chunks = image.of(chunks);
        if (image.of(tables.length != 0) && image.isRead()) {
            tables = new byte[chunks.length][];
        }
        for (int chunk = 0; chunk < chunks.length; chunk++) {
            if (chunks[chunk] == MIXED) {
                if (image.isRead()) {
                    makeTable(chunk);
                }
                image.fill(tables[chunk]);
            }
        }
    }
}
