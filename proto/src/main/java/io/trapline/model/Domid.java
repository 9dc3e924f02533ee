package io.trapline.model;

/**
 * A domain's id, 1 … 32751; 0 and 0x7FF0 upwards are reserved. Xen's {@code domid_t}.
 *
 * @param value in range, {@link IllegalArgumentException} otherwise
 */
public record Domid(int value) {
    /** The lowest. */
    public static final int MIN = 1;

    /** The highest. */
    public static final int MAX = 0x7FEF;

    public Domid {
        if (!isValid(value)) {
            throw new IllegalArgumentException("domid = " + value + ": " + MIN + " … " + MAX);
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
