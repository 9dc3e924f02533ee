package io.trapline.cli.text;

import java.util.Locale;

/**
 * A number that says how many: {@code 1,234,567} for a person, a plain number for a program.
 *
 * @param value how many
 */
public record Count(long value) {
    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%,d", value);
    }
}
