package io.trapline.model;

/**
 * A guest frame number, gpa >> 12, below 2^40. Xen's {@code gfn_t}.
 *
 * @param value in range, {@link IllegalArgumentException} otherwise
 */
public record Gfn(long value) {
    /** The lowest. */
    public static final long MIN = 0;

    /** The highest. */
    public static final long MAX = (1L << 40) - 1;

    /** Pages are 4096 bytes. */
    public static final int PAGE_SHIFT = 12;

    public Gfn {
        if (!isValid(value)) {
            throw new IllegalArgumentException("gfn = " + value + ": " + MIN + " … " + MAX);
        }
    }

    /** Whether the number is one. */
    public static boolean isValid(long value) {
        return value >= MIN && value <= MAX;
    }

    @Override
    public String toString() {
        return String.valueOf(value);
    }
}
