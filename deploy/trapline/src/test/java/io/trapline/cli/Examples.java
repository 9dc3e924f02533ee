package io.trapline.cli;

import java.util.Arrays;
import picocli.CommandLine;

/** The examples at the end of every help. */
final class Examples {
    private Examples() {}

    /** As a person would paste it. */
    static String of(CommandLine command) {
        String help = command.getUsageMessage(CommandLine.Help.Ansi.OFF);
        return help.substring(help.lastIndexOf("Example:") + "Example:".length())
                .strip();
    }

    /** What a shell makes of it, without the name of the program. */
    static String[] arguments(String example) {
        String[] words = example.replace("'", "").split(" +", -1);
        return Arrays.copyOfRange(words, 1, words.length);
    }
}
