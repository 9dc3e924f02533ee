package io.trapline.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A run of frames as {@code FIRST+COUNT}, or {@code FIRST} alone for one; both decimal or hex.
 *
 * @param firstGfn its first frame
 * @param count how many
 */
record GfnRun(long firstGfn, long count) {
    static final class Converter implements ITypeConverter<GfnRun> {
        @Override
        public GfnRun convert(String text) {
            int plus = text.indexOf('+');
            GfnRun run = plus < 0
                    ? new GfnRun(NumberConverter.parse(text), 1)
                    : new GfnRun(
                            NumberConverter.parse(text.substring(0, plus)),
                            NumberConverter.parse(text.substring(plus + 1)));
            if (run.firstGfn < 0 || run.count < 0) {
                throw new TypeConversionException("'" + text + "' is no run of frames such as 0x100+2048");
            }
            return run;
        }
    }
}
