package io.trapline.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Guests, the copies of their domain and its servers at nodes of their own, through pauses, crashes, partitions and streams that break. */
@Tag("simulation")
final class HostsSimulationTest {
    private static final int SEEDS = 200;
    private static final int SHOWN = 3;
    private static final int LINES = 80;

    private final Simulation sound = Simulation.of(Worlds.HOSTS, Worlds.HOSTS.sound());

    @Test
    @DisplayName(
            "rule 0, A2 – A6, C2 – C7, D1, F1 – F6, D-15 – D-26, V-6, V-7, V-11, V-13, V-14 across hosts: every promise holds after every step, and every run comes to rest")
    void keepsEveryPromise() {
        Simulation.Summary summary = sound.run(1, SEEDS);

        List<String> shown = summary.failures().stream()
                .limit(SHOWN)
                .map(failure -> text(failure.seed()))
                .toList();
        assertThat(shown)
                .as("%d of %d seeds fail", summary.failures().size(), SEEDS)
                .isEmpty();
        assertThat(Objects.requireNonNull(summary.counts().get("ioreqs carried out")))
                .as("ioreqs that emulators carried out")
                .isGreaterThan(10L * SEEDS);
        assertThat(Objects.requireNonNull(summary.counts().get("promotions")))
                .as("shards that have gone on with their other copy")
                .isGreaterThan(SEEDS);
        assertThat(Objects.requireNonNull(summary.counts().get("type calls over shards")))
                .as("type calls that two shards have done")
                .isGreaterThan(2L * SEEDS);
        assertThat(Objects.requireNonNull(summary.counts().get("calls asked for again")))
                .as("attempts at memory and type calls behind the first")
                .isGreaterThan(10L * SEEDS);
        assertThat(Objects.requireNonNull(summary.counts().get("answers given again")))
                .as("answers to calls that had been answered")
                .isGreaterThan(2L * SEEDS);
        assertThat(Objects.requireNonNull(summary.counts().get("homes moved by an attach")))
                .as("servers that have followed their emulators to other nodes")
                .isGreaterThan(3L * SEEDS);
        assertThat(Objects.requireNonNull(summary.counts().get("homes moved otherwise")))
                .as("servers whose node has died, or is drained")
                .isGreaterThan(SEEDS / 2L);
        assertThat(Objects.requireNonNull(summary.counts().get("ioreqs moved with them")))
                .as("ioreqs that servers had as they moved")
                .isGreaterThan(SEEDS);
        assertThat(Objects.requireNonNull(summary.counts().get("drains")))
                .as("drains of nodes")
                .isGreaterThan(SEEDS / 2L);
        assertThat(Objects.requireNonNull(summary.counts().get("nodes told to end")))
                .as("nodes that were told to end")
                .isGreaterThan(SEEDS / 2L);
        assertThat(Objects.requireNonNull(summary.counts().get("coordinators told to end")))
                .as("coordinators that were told to end")
                .isGreaterThan(SEEDS / 4L);
        assertThat(Objects.requireNonNull(summary.counts().get("shards and servers that left nodes told to end")))
                .as("shards and servers that had gone to other nodes when theirs ended")
                .isGreaterThan(SEEDS / 2L);
        assertThat(Objects.requireNonNull(summary.counts().get("domains lost")))
                .as("domains that were lost with the only copy of something, which ends a run")
                .isLessThan(SEEDS / 20);
    }

    @Test
    void aSeedAlwaysGivesTheSameRun() {
        assertThat(sound.run(1, 8)).isEqualTo(sound.run(1, 8));
    }

    private String text(long seed) {
        Simulation.Replay replay = sound.replay(seed, LINES).orElseThrow();
        return "seed " + seed + ": " + replay.failure().rule() + ": "
                + replay.failure().message() + "\n  " + String.join("\n  ", replay.trace()) + "\nagain: "
                + sound.command(seed);
    }
}
