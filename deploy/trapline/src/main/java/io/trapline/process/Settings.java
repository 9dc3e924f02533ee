package io.trapline.process;

import io.trapline.model.Pure;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * The settings of one process as they were given: a flag wins over the environment, the environment over the file. All that is wrong with
 * them is collected, so that it can be said at once. Not thread-safe.
 */
@Pure
final class Settings {
    /** Variables of that prefix that are not settings of a process: the launcher's and the log's. */
    private static final Set<String> OTHER_VARIABLES = Set.of(
            "TRAPLINE_CONFIG",
            "TRAPLINE_JAVA_OPTS",
            "TRAPLINE_JVM_FOLDERS",
            "TRAPLINE_LIB",
            "TRAPLINE_LOG",
            "TRAPLINE_PROGRAM",
            "TRAPLINE_START_CACHE",
            "TRAPLINE_SUPERVISED");

    private record Given(String text, String where) {}

    private final Map<String, Given> given = new LinkedHashMap<>();
    private final List<String> wrong = new ArrayList<>();

    /**
     * Reads them.
     *
     * @param keys what this process can be told
     * @param known the same and what its siblings can: variables of theirs are no mistake
     */
    Settings(List<Key> keys, List<Key> known, SettingSources sources) {
        sources.file().ifPresent(file -> readFile(keys, file));
        readEnvironment(keys, known, sources.environment());
        sources.flags().forEach((name, text) -> given.put(name, new Given(text, "--" + name)));
    }

    private void readFile(List<Key> keys, SettingSources.File file) {
        Map<String, Integer> lines = new LinkedHashMap<>();
        List<String> all = file.text().lines().toList();
        for (int i = 0; i < all.size(); i++) {
            String line = all.get(i).strip();
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            String where = file.name() + ":" + (i + 1);
            int sign = line.indexOf('=');
            String name = sign < 0 ? line : line.substring(0, sign).strip();
            if (sign < 0) {
                wrong.add(where + ": '" + line + "' is no 'key = value'");
            } else if (keys.stream().noneMatch(key -> key.name().equals(name))) {
                wrong.add(where + ": there is no key '" + name + "'");
            } else if (lines.putIfAbsent(name, i + 1) != null) {
                wrong.add(where + ": " + name + " is given in line " + lines.get(name) + " too");
            } else {
                given.put(name, new Given(line.substring(sign + 1).strip(), where + ": " + name));
            }
        }
    }

    private void readEnvironment(List<Key> keys, List<Key> known, Map<String, String> environment) {
        new TreeMap<>(environment).forEach((variable, text) -> {
            if (!variable.startsWith(Key.VARIABLE_PREFIX)) {
                return;
            }
            Optional<Key> key = keys.stream()
                    .filter(each -> each.variable().equals(variable))
                    .findFirst();
            if (key.isPresent()) {
                given.put(key.get().name(), new Given(text, variable));
            } else if (!OTHER_VARIABLES.contains(variable)
                    && known.stream().noneMatch(each -> each.variable().equals(variable))) {
                wrong.add(variable + ": there is no such setting");
            }
        });
    }

    /** A value that must be there. Empty, with a line in {@link #wrong}, where it is not or cannot be used. */
    <T> Optional<T> required(Key key, Function<String, T> parse) {
        Optional<T> value = optional(key, parse);
        if (!given.containsKey(key.name()) && key.fallback().isEmpty()) {
            wrong.add(key.flag() + " is missing");
        }
        return value;
    }

    /** A value that may be left out; the key's fallback then. {@code parse} throws IllegalArgumentException with the reason. */
    <T> Optional<T> optional(Key key, Function<String, T> parse) {
        Given one = given.get(key.name());
        if (one == null) {
            return key.fallback().isEmpty() ? Optional.empty() : Optional.of(parse.apply(key.fallback()));
        }
        try {
            return Optional.of(parse.apply(one.text()));
        } catch (IllegalArgumentException malformed) {
            wrong.add(one.where() + ": " + malformed.getMessage());
            return Optional.empty();
        }
    }

    /** Whether a flag is set. */
    boolean flag(Key key) {
        return optional(key, Values::bool).orElse(false);
    }

    /** Where the value of a key stands, for a person. */
    String where(Key key) {
        Given one = given.get(key.name());
        return one == null ? key.flag() : one.where();
    }

    /** Notes that something does not fit together. */
    void wrong(Key key, String why) {
        wrong.add(where(key) + ": " + why);
    }

    /** Throws if anything is wrong, with all of it. */
    void check() throws WrongSettings {
        if (!wrong.isEmpty()) {
            throw new WrongSettings(wrong);
        }
    }
}
