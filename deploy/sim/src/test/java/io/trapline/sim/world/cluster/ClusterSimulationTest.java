package io.trapline.sim.world.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.sim.Simulation;
import io.trapline.sim.Worlds;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The rules of commits, leases and views through crashes, pauses, partitions, lost disks and leaders that do not know that they are deposed. */
@Tag("simulation")
final class ClusterSimulationTest {
    private static final int SEEDS = 2_000;
    private static final int SHOWN = 3;
    private static final int LINES = 80;

    private final Simulation sound = Simulation.of(Worlds.CLUSTER, Worlds.CLUSTER.sound());

    @Test
    @DisplayName(
            "rule 0, A5, C2, C5, D4, F5, section E across hosts: every promise holds after every step, and every run comes to rest")
    void keepsEveryPromise() {
        Simulation.Summary summary = sound.run(1, SEEDS);

        List<String> shown = summary.failures().stream()
                .limit(SHOWN)
                .map(failure -> text(failure.seed()))
                .toList();
        assertThat(shown)
                .as("%d of %d seeds fail", summary.failures().size(), SEEDS)
                .isEmpty();
        assertThat(summary.counts())
                .allSatisfy((what, count) -> assertThat(count).as(what).isPositive());
        assertThat(Objects.requireNonNull(summary.counts().get("lapses")))
                .as("lapses that something was rested on")
                .isGreaterThan(SEEDS / 10);
    }

    @Test
    void aSeedAlwaysGivesTheSameRun() {
        assertThat(sound.run(1, 10)).isEqualTo(sound.run(1, 10));
    }

    private String text(long seed) {
        Simulation.Replay replay = sound.replay(seed, LINES).orElseThrow();
        return "seed " + seed + ": " + replay.failure().rule() + ": "
                + replay.failure().message() + "\n  " + String.join("\n  ", replay.trace()) + "\nagain: "
                + sound.command(seed);
    }
}
