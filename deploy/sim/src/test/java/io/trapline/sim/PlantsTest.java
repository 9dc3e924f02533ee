package io.trapline.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.sim.run.Variant;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each plant is noticed, and by a rule that it breaks: where it was before, and where that is so no more, it is searched for from the first seed on. That nothing is where nothing is planted, {@link SimulationTest} shows over more seeds.
 */
@Tag("simulation")
final class PlantsTest {
    private static final int MOST_SEEDS = 1_600;
    private static final int SEEDS_AT_A_TIME = 8;
    /** Once is the proof, and twice no luck of one seed; the rest of the seeds would say nothing new. */
    private static final int OFTEN = 2;
    /** What has been noticed once in more seeds than these is not waited for any longer: it takes minutes. */
    private static final int PATIENT_SEEDS = 40;

    private static final NoticedPlants PLANTS = read();

    private static NoticedPlants read() {
        try {
            return NoticedPlants.read();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    @AfterAll
    static void writeDown() throws IOException {
        PLANTS.write();
    }

    static Stream<Arguments> plants() {
        return Worlds.all().stream()
                .flatMap(world -> world.planted().stream()
                        .map(planted -> Arguments.of(Named.of(planted.plant(), Simulation.of(world, planted)))));
    }

    @ParameterizedTest
    @MethodSource("plants")
    void isNoticed(Simulation simulation) {
        Variant planted = simulation.variant();
        Optional<NoticedPlants.Sighting> again =
                PLANTS.known(planted.plant()).flatMap(known -> seeAgain(simulation, known));
        PLANTS.saw(planted.plant(), again.orElseGet(() -> search(simulation)));
    }

    /** Where it was noticed before; empty where none of that is so any more, as whatever draws another random number makes other histories. */
    private static Optional<NoticedPlants.Sighting> seeAgain(Simulation simulation, NoticedPlants.Sighting known) {
        Variant planted = simulation.variant();
        List<Simulation.Failure> noticed = known.seeds().stream()
                .flatMap(seed -> simulation.run(seed, 1).failures().stream())
                .toList();
        if (count(noticed, planted) == 0) {
            System.out.printf("%s: not noticed at %s any more%n", planted.plant(), known.seeds());
            return Optional.empty();
        }
        System.out.printf(
                "%s: noticed in %d of %d seeds; %s%n", planted.plant(), known.noticed(), known.of(), failures(noticed));
        assertNoticed(planted, noticed);
        return Optional.of(new NoticedPlants.Sighting(seeds(noticed, planted), known.noticed(), known.of()));
    }

    private static NoticedPlants.Sighting search(Simulation simulation) {
        Variant planted = simulation.variant();
        List<Simulation.Failure> noticed = new ArrayList<>();
        int seeds = 0;
        while (seeds < MOST_SEEDS && count(noticed, planted) < (seeds < PATIENT_SEEDS ? OFTEN : 1)) {
            noticed.addAll(simulation.run(1 + seeds, SEEDS_AT_A_TIME).failures());
            seeds += SEEDS_AT_A_TIME;
        }
        System.out.printf(
                "%s: noticed in %d of %d seeds; %s%n", planted.plant(), noticed.size(), seeds, failures(noticed));
        assertNoticed(planted, noticed);
        return new NoticedPlants.Sighting(seeds(noticed, planted), noticed.size(), seeds);
    }

    private static void assertNoticed(Variant planted, List<Simulation.Failure> noticed) {
        assertThat(noticed)
                .as("%s: %s", planted.plant(), planted.breaks())
                .extracting(Simulation.Failure::rule)
                .containsAnyElementsOf(planted.noticedBy())
                .doesNotContain("a rule failed");
    }

    private static String failures(List<Simulation.Failure> noticed) {
        return noticed.stream()
                .map(failure -> "seed " + failure.seed() + ": " + failure.rule())
                .collect(Collectors.joining("; "));
    }

    /** A few of those at which it is noticed by a rule that it breaks. */
    private static List<Long> seeds(List<Simulation.Failure> noticed, Variant planted) {
        return noticed.stream()
                .filter(failure -> planted.noticedBy().contains(failure.rule()))
                .map(Simulation.Failure::seed)
                .limit(OFTEN)
                .toList();
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
