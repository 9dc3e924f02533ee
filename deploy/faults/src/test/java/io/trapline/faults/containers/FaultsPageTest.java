package io.trapline.faults.containers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What docs/CONTRIBUTING.md says that the suite has is what it has. */
final class FaultsPageTest {
    private static final Path SOURCES = Path.of("src/test/java/io/trapline/faults/containers");
    private static final Pattern FAULT = Pattern.compile(
            "\\b(?:kill|lapse|links|unavailable|restarts\\.\\w+)\\(\\s*\"([a-z-]+)\"|new Fault\\(\"([a-z-]+)\"");
    private static final Pattern QUOTED = Pattern.compile("`([A-Za-z-]+)`");

    /** What is between the heading and the next one, a name a list item. */
    private static Set<String> listed(String heading) throws IOException {
        List<String> lines = Files.readAllLines(Path.of("../../docs/CONTRIBUTING.md"));
        return lines.stream()
                .skip(lines.indexOf(heading) + 1L)
                .takeWhile(line -> !line.startsWith("#"))
                .filter(line -> line.startsWith("- "))
                .flatMap(line -> QUOTED.matcher(line.split(": ", 2)[0]).results())
                .map(result -> result.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void listsEveryScenario() throws Exception {
        Set<String> scenarios = Stream.of(CoordinatorFaultsTest.class, NodeFaultsTest.class, LinkFaultsTest.class)
                .flatMap(scenariosOf -> Arrays.stream(scenariosOf.getDeclaredMethods()))
                .filter(method -> method.isAnnotationPresent(Test.class))
                .map(Method::getName)
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(listed("### Scenarios")).isEqualTo(scenarios).hasSizeGreaterThanOrEqualTo(12);
    }

    @Test
    void listsEveryFault() throws Exception {
        String source = Files.readString(SOURCES.resolve("ContainerFaults.java"));
        Set<String> faults = FAULT.matcher(source)
                .results()
                .map(FaultsPageTest::name)
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(listed("### Faults")).isEqualTo(faults).hasSizeGreaterThanOrEqualTo(15);
    }

    private static String name(MatchResult result) {
        return result.group(1) == null ? result.group(2) : result.group(1);
    }
}
