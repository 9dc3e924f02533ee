package io.trapline.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.sim.Worlds;
import io.trapline.sim.run.Variant;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The tests and plants that {@code docs/ARCHITECTURE.md} names for its invariants are there. */
final class ArchitecturePageTest {
    private static final SourceTree TREE = SourceTree.here();
    private static final Pattern INVARIANT = Pattern.compile("^\\| I-\\d+ \\|.*\\|$", Pattern.MULTILINE);
    private static final Pattern PLANT = Pattern.compile("`([a-z]+(?:-[a-z]+)+)`");
    private static final Pattern TEST = Pattern.compile("`(\\w+)\\.(\\w+)`");

    @Test
    void everyInvariantNamesTestsThatExist() throws IOException {
        Map<String, String> tests = tests();
        List<String> wrong = new ArrayList<>();
        Matcher invariant = INVARIANT.matcher(TREE.read("docs/ARCHITECTURE.md"));
        int invariants = 0;
        while (invariant.find()) {
            invariants++;
            Matcher named = TEST.matcher(invariant.group());
            int found = 0;
            while (named.find()) {
                found++;
                if (!tests.getOrDefault(named.group(1), "").contains("void " + named.group(2) + "(")) {
                    wrong.add(named.group());
                }
            }
            if (found == 0) {
                wrong.add(invariant.group());
            }
        }
        assertThat(wrong).as("names no test, or one that is not there").isEmpty();
        assertThat(invariants).isGreaterThan(10);
    }

    @Test
    void everyPlantIsNamedForAnInvariantAndEveryOneThatIsNamedExists() throws IOException {
        Set<String> named = new TreeSet<>();
        Matcher invariant = INVARIANT.matcher(TREE.read("docs/ARCHITECTURE.md"));
        while (invariant.find()) {
            Matcher plant = PLANT.matcher(invariant.group());
            while (plant.find()) {
                named.add(plant.group(1));
            }
        }
        Set<String> there = Worlds.all().stream()
                .flatMap(world -> world.planted().stream())
                .map(Variant::plant)
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(named).isEqualTo(there);
    }

    /** Sources by the name of their class. */
    private static Map<String, String> tests() throws IOException {
        Map<String, String> sources = new HashMap<>();
        for (Path file : TREE.files()) {
            if (SourceTree.isTest(file)) {
                String name = file.getFileName().toString();
                sources.put(name.replace(".java", ""), TREE.read(file.toString()));
            }
        }
        return sources;
    }
}
