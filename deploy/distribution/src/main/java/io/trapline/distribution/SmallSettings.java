package io.trapline.distribution;

import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;

/** Leaves out of a library's settings what only people read: most of Pekko's, which it reads while it starts, are comments. */
final class SmallSettings {
    private static final String LONG_STRING = "\"\"\"";

    private SmallSettings() {}

    /** The same settings without lines that are only a comment. */
    static byte[] of(byte[] settings) {
        String text = new String(settings, StandardCharsets.UTF_8);
        // A line in it may look like a comment.
        if (text.contains(LONG_STRING)) {
            return settings;
        }
        return text.lines()
                .filter(line -> !isComment(line.strip()))
                .collect(Collectors.joining("\n", "", "\n"))
                .getBytes(StandardCharsets.UTF_8);
    }

    private static boolean isComment(String line) {
        return line.isEmpty() || line.startsWith("#") || line.startsWith("//");
    }
}
