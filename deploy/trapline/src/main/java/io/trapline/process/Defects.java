package io.trapline.process;

import io.trapline.server.Logs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What processes have written to their logs that none of them ever should, whatever is done to it: that an actor of a domain has died, that a call or a frame was
 * met with an exception.
 */
public final class Defects {
    /** As {@link Logs} writes them; of those who log at ERROR also what an operator did, the others are not here. */
    private static final Pattern DEFECT =
            Pattern.compile("\\S+ ERROR (NodeRegistry|P2mShard|DomainCalls|IncomingLink|PeerLink|UnexpectedErrors"
                    + "|ControlRelay): .*");

    private static final Pattern LINE = Pattern.compile("\\d\\d:\\d\\d:\\d\\d\\.\\d{3} .*");
    /** Of an exception: what it is, and where it was thrown. */
    private static final int MOST_LINES_BEHIND = 4;

    private Defects() {}

    /** Each as one line that names the log: the line, and the first of the stack behind it. */
    public static List<String> in(Path logs) throws IOException {
        List<String> defects = new ArrayList<>();
        if (Files.isDirectory(logs)) {
            try (Stream<Path> files = Files.list(logs)) {
                for (Path file : files.filter(each -> each.toString().endsWith(".log"))
                        .sorted()
                        .toList()) {
                    // What was cut off as its process was killed may be no character.
                    String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
                    addTo(
                            defects,
                            String.valueOf(file.getFileName()),
                            text.lines().toList());
                }
            }
        }
        return defects;
    }

    private static void addTo(List<String> defects, String name, List<String> lines) {
        for (int i = 0; i < lines.size(); i++) {
            if (DEFECT.matcher(lines.get(i)).matches()) {
                StringBuilder defect = new StringBuilder(name).append(": ").append(lines.get(i));
                for (int behind = i + 1;
                        behind < lines.size()
                                && behind <= i + MOST_LINES_BEHIND
                                && !LINE.matcher(lines.get(behind)).matches();
                        behind++) {
                    defect.append(" | ").append(lines.get(behind).strip());
                }
                defects.add(defect.toString());
            }
        }
    }
}
