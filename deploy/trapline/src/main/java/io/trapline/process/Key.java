package io.trapline.process;

import io.trapline.model.Pure;
import java.util.Locale;

/**
 * A setting of a process: the flag {@code --name}, the variable {@code TRAPLINE_NAME} and the line {@code name = value} of a file.
 *
 * @param name lower case, with dashes
 * @param form what a value looks like, for a person; empty = a flag, whose value is true or false
 * @param fallback the value where none is given; empty = none
 * @param meaning one sentence with unit and default
 */
@Pure
public record Key(String name, String form, String fallback, String meaning) {
    static final String VARIABLE_PREFIX = "TRAPLINE_";

    /** Whether it is given by its name alone. */
    public boolean isFlag() {
        return form.isEmpty();
    }

    /** How it is called on the command line. */
    public String flag() {
        return "--" + name;
    }

    /** How it is called in the environment. */
    public String variable() {
        return VARIABLE_PREFIX + name.toUpperCase(Locale.ROOT).replace('-', '_');
    }
}
