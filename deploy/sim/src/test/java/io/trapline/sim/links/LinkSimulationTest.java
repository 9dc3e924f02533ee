package io.trapline.sim.links;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.sim.Simulation;
import io.trapline.sim.Worlds;
import java.util.Objects;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Links alone, through cuts, hold-ups in one direction, restarts and earlier lives that linger. */
@Tag("simulation")
final class LinkSimulationTest {
    private static final int SEEDS = 400;
    private static final int LINES = 60;

    private final Simulation sound = Simulation.of(Worlds.LINKS, Worlds.LINKS.sound());

    @Test
    @DisplayName("D-18, V-15: once, in order, between two lives, within the credit, with its age, and all of it")
    void keepsEveryPromise() {
        Simulation.Summary summary = sound.run(1, SEEDS);

        assertThat(summary.failures().stream()
                        .limit(3)
                        .map(failure -> failure + "\n  "
                                + String.join(
                                        "\n  ",
                                        sound.replay(failure.seed(), LINES)
                                                .orElseThrow()
                                                .trace())
                                + "\nagain: " + sound.command(failure.seed())))
                .isEmpty();
        assertThat(Objects.requireNonNull(summary.counts().get("frames taken"))).isGreaterThan(200L * SEEDS);
    }

    @Test
    void aSeedAlwaysGivesTheSameRun() {
        Simulation planted =
                Simulation.of(Worlds.LINKS, Worlds.LINKS.variant("frame-twice").orElseThrow());

        assertThat(planted.run(1, 8)).isEqualTo(planted.run(1, 8));
    }
}
