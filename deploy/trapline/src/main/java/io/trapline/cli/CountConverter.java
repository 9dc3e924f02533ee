package io.trapline.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How many, or which: numbers without a sign, decimal or with {@code 0x} in hex, up to some greatest. */
final class CountConverter {
    private CountConverter() {}

    /** For {@code int}. */
    static final class OfInt implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String text) {
            return (int) parse(text, Integer.MAX_VALUE);
        }
    }

    /** For {@code long}. */
    static final class OfLong implements ITypeConverter<Long> {
        @Override
        public Long convert(String text) {
            return parse(text, Long.MAX_VALUE);
        }
    }

    private static long parse(String text, long most) {
        long value = NumberConverter.parse(text);
        if (value < 0 || value > most) {
            throw new TypeConversionException("'" + text + "' is above " + most);
        }
        return value;
    }
}
