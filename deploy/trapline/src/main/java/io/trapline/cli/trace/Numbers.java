package io.trapline.cli.trace;

/** Numbers as the logs write them. */
final class Numbers {
    private Numbers() {}

    /** A decimal number, negative ones included. Throws {@link IllegalArgumentException} naming the field. */
    static long decimal(String field, String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException malformed) {
            throw new IllegalArgumentException(field + " is no number: " + text, malformed);
        }
    }

    /** {@code 0x} and up to 16 hex digits. Throws {@link IllegalArgumentException} naming the field. */
    static long hex(String field, String text) {
        if (text.startsWith("0x") && !text.startsWith("+", 2)) {
            try {
                return Long.parseUnsignedLong(text, 2, text.length(), 16);
            } catch (NumberFormatException malformed) {
                throw new IllegalArgumentException(field + " is no 64-bit hex number: " + text, malformed);
            }
        }
        throw new IllegalArgumentException(field + " does not start with 0x: " + text);
    }
}
