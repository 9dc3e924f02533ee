package io.trapline.model;

/**
 * An IOREQ server's id within its domain, 0 … 63. Xen's {@code ioservid_t}.
 *
 * @param value in range, {@link IllegalArgumentException} otherwise
 */
public record Ioservid(int value) {
    /** The lowest. */
    public static final int MIN = 0;

    /** The highest. */
    public static final int MAX = 63;

    public Ioservid {
        if (!isValid(value)) {
            throw new IllegalArgumentException("id = " + value + ": " + MIN + " … " + MAX);
        }
    }

    /** Whether the number is one. */
    public static boolean isValid(int value) {
        return value >= MIN && value <= MAX;
    }

    @Override
    public String toString() {
        return String.valueOf(value);
    }
}
