package io.trapline.cli.text;

/**
 * A number that people read in hex: an address or a value. All 64 bits count, so JSON holds it as a string.
 *
 * @param value its bits
 */
public record Hex(long value) {
    @Override
    public String toString() {
        return "0x" + Long.toHexString(value);
    }
}
