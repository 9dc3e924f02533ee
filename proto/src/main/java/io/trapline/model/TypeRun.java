package io.trapline.model;

/**
 * A run of frames and a type (T6).
 *
 * @param firstGfn the first frame, 0 … 2^40 - 1
 * @param count how many, 1 and up; firstGfn + count is at most 2^40
 * @param type the type
 */
public record TypeRun(long firstGfn, long count, MemType type) {
    /** The last frame, inclusive. */
    public long lastGfn() {
        return firstGfn + count - 1;
    }
}
