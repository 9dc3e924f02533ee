package io.trapline.model;

/**
 * A guest physical address in bytes, below 2^52.
 *
 * @param value in range, {@link IllegalArgumentException} otherwise
 */
public record Gpa(long value) {
    /** The lowest. */
    public static final long MIN = 0;

    /** The highest. */
    public static final long MAX = (1L << 52) - 1;

    public Gpa {
        if (!isValid(value)) {
            throw new IllegalArgumentException("gpa = " + value + ": " + MIN + " … " + MAX);
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
