package io.trapline.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Numbers of up to 64 bits without a sign, decimal or with {@code 0x} in hex: addresses, frames, values, counts. */
public final class NumberConverter implements ITypeConverter<Long> {
    @Override
    public Long convert(String text) {
        return parse(text);
    }

    /** The number; above 2^63 it comes out negative, its bits being what was written. */
    static long parse(String text) {
        boolean hex = text.startsWith("0x") || text.startsWith("0X");
        String digits = hex ? text.substring(2) : text;
        try {
            if (digits.isEmpty() || !Character.isLetterOrDigit(digits.charAt(0))) {
                throw new NumberFormatException("no digits");
            }
            return Long.parseUnsignedLong(digits, hex ? 16 : 10);
        } catch (NumberFormatException malformed) {
            throw new TypeConversionException(
                    "'" + text + "' is no number of up to 64 bits without a sign, decimal or hex with 0x");
        }
    }
}
