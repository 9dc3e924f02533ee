package io.trapline.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.sim.world.Plant;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The rules of production through cuts, resends, takeovers, releases and type changes in flight. Other seeds: {@code -Dtrapline.sim.firstSeed=N
 * -Dtrapline.sim.seeds=N}.
 */
@Tag("simulation")
final class SimulationTest {
    private static final long FIRST_SEED = Long.getLong("trapline.sim.firstSeed", 1);
    private static final int SEEDS = Integer.getInteger("trapline.sim.seeds", 250);
    private static final int STEPS = 3_000;

    @Test
    @DisplayName(
            "A3, A4, A6, F1 – F6, S5, C4, C5, C7: every promise holds after every step of every seed, and every run comes to rest")
    void keepsEveryPromise() {
        Simulation.Summary summary = Simulation.run(FIRST_SEED, SEEDS, STEPS, Plant.NONE);
        assertThat(summary.failures().stream()
                        .map(failure -> "seed " + failure.seed() + ", step " + failure.step() + ": " + failure.rule()
                                + ": "
                                + failure.message() + "\n  "
                                + String.join("\n  ", failure.trace())
                                + "\nagain: -Dtrapline.sim.firstSeed=" + failure.seed() + " -Dtrapline.sim.seeds=1")
                        .collect(Collectors.toList()))
                .isEmpty();
        assertThat(summary.carriedOut()).as("ioreqs that emulators carried out").isPositive();
    }
}
