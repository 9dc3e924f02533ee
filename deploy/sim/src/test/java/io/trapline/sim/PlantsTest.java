package io.trapline.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.sim.world.Plant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each plant is noticed, and by a rule that it breaks. That nothing is where nothing is planted, {@link SimulationTest} shows over more seeds. */
@Tag("simulation")
final class PlantsTest {
    private static final int MOST_SEEDS = 1_600;
    private static final int SEEDS_AT_A_TIME = 32;
    /** Once it was noticed so often the rest of the seeds would say nothing new. */
    private static final int OFTEN = 4;

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void isNoticed(Plant plant) {
        List<Simulation.Failure> noticed = new ArrayList<>();
        int seeds = 0;
        while (seeds < MOST_SEEDS && count(noticed, plant) < OFTEN) {
            Simulation.Summary summary =
                    Simulation.run(1 + seeds, SEEDS_AT_A_TIME, Simulation.DEFAULT_STEPS, plant, done -> {});
            noticed.addAll(summary.failures());
            seeds += SEEDS_AT_A_TIME;
        }

        Map<String, Long> byRule = noticed.stream()
                .collect(Collectors.groupingBy(Simulation.Failure::rule, TreeMap::new, Collectors.counting()));
        System.out.printf("%s: noticed in %d of %d seeds: %s%n", plant, noticed.size(), seeds, byRule);
        assertThat(byRule.keySet())
                .as("%s: %s", plant, plant.breaks())
                .containsAnyElementsOf(plant.noticedBy())
                .doesNotContain("a rule failed");
    }

    private static long count(List<Simulation.Failure> noticed, Plant plant) {
        return noticed.stream()
                .filter(failure -> plant.noticedBy().contains(failure.rule()))
                .count();
    }
}
