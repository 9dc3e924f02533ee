package io.trapline.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.sim.run.Variant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each plant is noticed, and by a rule that it breaks. That nothing is where nothing is planted, {@link SimulationTest} shows over more seeds. */
@Tag("simulation")
final class PlantsTest {
    private static final int MOST_SEEDS = 1_600;
    private static final int SEEDS_AT_A_TIME = 8;
    /** Once is the proof, and twice no luck of one seed; the rest of the seeds would say nothing new. */
    private static final int OFTEN = 2;
    /** What has been noticed once in so many seeds is not waited for any longer: it takes minutes. */
    private static final int PATIENT_SEEDS = 40;

    static Stream<Arguments> plants() {
        return Worlds.all().stream()
                .flatMap(world -> world.planted().stream()
                        .map(planted -> Arguments.of(Named.of(planted.plant(), Simulation.of(world, planted)))));
    }

    @ParameterizedTest
    @MethodSource("plants")
    void isNoticed(Simulation simulation) {
        Variant planted = simulation.variant();
        List<Simulation.Failure> noticed = new ArrayList<>();
        int seeds = 0;
        while (seeds < MOST_SEEDS && count(noticed, planted) < (seeds < PATIENT_SEEDS ? OFTEN : 1)) {
            noticed.addAll(simulation.run(1 + seeds, SEEDS_AT_A_TIME).failures());
            seeds += SEEDS_AT_A_TIME;
        }

        Map<String, Long> byRule = noticed.stream()
                .collect(Collectors.groupingBy(Simulation.Failure::rule, TreeMap::new, Collectors.counting()));
        System.out.printf("%s: noticed in %d of %d seeds: %s%n", planted.plant(), noticed.size(), seeds, byRule);
        assertThat(byRule.keySet())
                .as("%s: %s", planted.plant(), planted.breaks())
                .containsAnyElementsOf(planted.noticedBy())
                .doesNotContain("a rule failed");
    }

    @Test
    void noTwoHaveTheSameName() {
        List<String> names = Worlds.all().stream()
                .flatMap(world -> Stream.concat(Stream.of(world.sound()), world.planted().stream()))
                .filter(Variant::isPlanted)
                .map(Variant::plant)
                .toList();

        assertThat(names).isNotEmpty().doesNotHaveDuplicates().allMatch(name -> name.matches("[a-z]+(-[a-z]+)*"));
        assertThat(Worlds.all()).allMatch(world -> !world.sound().isPlanted());
    }

    private static long count(List<Simulation.Failure> noticed, Variant planted) {
        return noticed.stream()
                .filter(failure -> planted.noticedBy().contains(failure.rule()))
                .count();
    }
}
