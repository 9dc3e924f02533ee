package io.trapline.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What the design of the cluster says of messages that cross, and of traps in the protocol, is shown by the tests that it names. */
final class DesignPageTest {
    private static final SourceTree TREE = SourceTree.here();
    private static final String PAGE = "docs/designs/0002-the-cluster.md";
    private static final Pattern TABLE = Pattern.compile(
            "^\\| (?:messages? crossing|trap in the protocol) \\|.*\\n(?:\\|.*\\n)+", Pattern.MULTILINE);
    private static final Pattern TEST = Pattern.compile("`(\\w+Test)\\.(\\w+)`");
    private static final int HEAD = 2;

    @Test
    void whatCrossesAndEveryTrapNamesTestsThatExist() throws IOException {
        Map<String, String> tests = tests();
        List<String> wrong = new ArrayList<>();
        int rows = 0;
        Matcher table = TABLE.matcher(TREE.read(PAGE));
        while (table.find()) {
            for (String row : table.group().lines().skip(HEAD).toList()) {
                rows++;
                wrong.addAll(wrong(row, tests));
            }
        }
        assertThat(wrong).as("names no test, or one that is not there").isEmpty();
        assertThat(rows).isGreaterThan(40);
    }

    private static List<String> wrong(String row, Map<String, String> tests) {
        List<String> wrong = new ArrayList<>();
        Matcher named = TEST.matcher(row);
        boolean some = false;
        while (named.find()) {
            some = true;
            if (!tests.getOrDefault(named.group(1), "").contains("void " + named.group(2) + "(")) {
                wrong.add(named.group());
            }
        }
        if (!some) {
            wrong.add(row);
        }
        return wrong;
    }

    /** Sources by the name of their class. */
    private static Map<String, String> tests() throws IOException {
        Map<String, String> sources = new HashMap<>();
        for (Path file : TREE.files()) {
            if (SourceTree.isTest(file)) {
                sources.put(file.getFileName().toString().replace(".java", ""), TREE.read(file.toString()));
            }
        }
        return sources;
    }
}
