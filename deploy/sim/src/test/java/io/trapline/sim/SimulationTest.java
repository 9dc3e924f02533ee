package io.trapline.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.sim.world.Plant;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The rules of production through cuts, resends, takeovers, releases and type changes in flight. */
@Tag("simulation")
final class SimulationTest {
    private static final int SEEDS = 2_000;
    private static final int STEPS = Simulation.DEFAULT_STEPS;
    private static final int SHOWN = 3;
    private static final int LINES = 60;

    @Test
    @DisplayName(
            "rule 0, A2 – A6, C2 – C7, D1, D4, F1 – F6, R2, S2, S5, T3 – T6, section E: every promise holds after every step, and every run comes to rest")
    void keepsEveryPromise() {
        Simulation.Summary summary = Simulation.run(1, SEEDS, STEPS, Plant.NONE, done -> {});

        List<String> shown = summary.failures().stream()
                .limit(SHOWN)
                .map(failure -> text(failure.seed()))
                .toList();
        assertThat(shown)
                .as("%d of %d seeds fail", summary.failures().size(), SEEDS)
                .isEmpty();
        assertThat(summary.carriedOut()).as("ioreqs that emulators carried out").isGreaterThan(10L * SEEDS);
    }

    @Test
    void aSeedAlwaysGivesTheSameRun() {
        Simulation.Summary once = Simulation.run(1, 20, STEPS, Plant.ANSWER_CHANGED, done -> {});
        Simulation.Summary again = Simulation.run(1, 20, STEPS, Plant.ANSWER_CHANGED, done -> {});

        assertThat(again).isEqualTo(once);
        assertThat(once.failures()).isNotEmpty();
        Simulation.Failure first = once.failures().getFirst();
        assertThat(Simulation.replay(first.seed(), STEPS, Plant.ANSWER_CHANGED, LINES))
                .hasValueSatisfying(replay -> {
                    assertThat(replay.failure()).isEqualTo(first);
                    assertThat(replay.trace()).hasSize(LINES);
                });
    }

    private static String text(long seed) {
        Simulation.Replay replay =
                Simulation.replay(seed, STEPS, Plant.NONE, LINES).orElseThrow();
        Simulation.Failure failure = replay.failure();
        return "seed " + seed + ", step " + failure.step() + ": " + failure.rule() + ": " + failure.message() + "\n  "
                + String.join("\n  ", replay.trace())
                + "\nagain: " + Simulation.command(seed, STEPS, Plant.NONE);
    }
}
