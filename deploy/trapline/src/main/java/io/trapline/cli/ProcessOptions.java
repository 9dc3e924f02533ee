package io.trapline.cli;

import io.trapline.process.Key;
import io.trapline.process.SettingSources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The settings of a process as options of its command. */
final class ProcessOptions {
    private static final String FILE_VARIABLE = "TRAPLINE_CONFIG";

    private ProcessOptions() {}

    /** Adds an option for each. */
    static void add(CommandSpec command, List<Key> keys) {
        for (Key key : keys) {
            OptionSpec.Builder option = OptionSpec.builder(key.flag()).description(key.meaning());
            command.addOption(
                    key.isFlag()
                            ? option.type(boolean.class).arity("0").build()
                            : option.type(String.class)
                                    .arity("1")
                                    .paramLabel(key.form())
                                    .build());
        }
    }

    /** What was given: by options, by the environment, and by the file that either of them names. */
    static SettingSources sources(CommandSpec command, List<Key> keys, @Nullable Path config) throws IOException {
        Map<String, String> flags = new LinkedHashMap<>();
        var parsed = command.commandLine().getParseResult();
        for (Key key : keys) {
            if (parsed.hasMatchedOption(key.flag())) {
                Object value = parsed.matchedOption(key.flag()).getValue();
                flags.put(key.name(), String.valueOf(value));
            }
        }
        String named = System.getenv(FILE_VARIABLE);
        Path file = config == null && named != null ? Path.of(named) : config;
        Optional<SettingSources.File> text = file == null
                ? Optional.empty()
                : Optional.of(new SettingSources.File(file.toString(), Files.readString(file)));
        return new SettingSources(flags, System.getenv(), text);
    }
}
