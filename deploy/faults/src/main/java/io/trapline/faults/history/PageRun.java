package io.trapline.faults.history;

import io.trapline.model.Pure;

/**
 * Pages one behind the other that get a type.
 *
 * @param firstGfn the first one's gfn
 * @param count of pages
 * @param type x of ioreq_server[x], 0 … 15, or one of the constants
 */
@Pure
public record PageRun(long firstGfn, long count, int type) {
    /** {@code ram_rw}. */
    public static final int RAM_RW = -1;
    /** {@code ram_ro}: a guest's writes are dropped (T2). */
    public static final int RAM_RO = -2;
    /** {@code mmio_write_dm}: a guest's writes go to a server by range, and vanish without one (T8). */
    public static final int MMIO_WRITE_DM = -3;

    /** Whether a guest's write to such a page has no effect, as long as no server has it in a range. */
    public static boolean dropsWrites(int type) {
        return type == RAM_RO || type == MMIO_WRITE_DM;
    }

    /** What such a type is called. */
    public static String name(int type) {
        return switch (type) {
            case RAM_RW -> "ram_rw";
            case RAM_RO -> "ram_ro";
            case MMIO_WRITE_DM -> "mmio_write_dm";
            default -> "ioreq_server[" + type + "]";
        };
    }

    @Override
    public String toString() {
        return "gfn " + firstGfn + " x " + count + " becomes " + name(type);
    }
}
