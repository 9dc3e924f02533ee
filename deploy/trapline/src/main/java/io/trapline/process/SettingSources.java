package io.trapline.process;

import io.trapline.model.Pure;
import java.util.Map;
import java.util.Optional;

/**
 * Where the settings of a process come from.
 *
 * @param flags by key
 * @param environment all variables of the process
 * @param file the file that was named
 */
@Pure
public record SettingSources(Map<String, String> flags, Map<String, String> environment, Optional<File> file) {
    public SettingSources {
        flags = Map.copyOf(flags);
        environment = Map.copyOf(environment);
    }

    /**
     * A file: {@code key = value} lines; blank lines and those that begin with # say nothing.
     *
     * @param name for a person
     * @param text all of it
     */
    @Pure
    public record File(String name, String text) {}
}
