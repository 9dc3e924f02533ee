package io.trapline.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The rules of production through cuts, resends, takeovers, releases and type changes in flight. */
@Tag("simulation")
final class SimulationTest {
    private static final int SEEDS = 2_000;
    private static final int SHOWN = 3;
    private static final int LINES = 60;

    private final Simulation sound = Simulation.of(Worlds.NODE, Worlds.NODE.sound());
    private final Simulation planted =
            Simulation.of(Worlds.NODE, Worlds.NODE.variant("answer-changed").orElseThrow());

    @Test
    @DisplayName(
            "rule 0, A2 – A6, C2 – C7, D1, D4, F1 – F6, R2, S2, S5, T3 – T6, section E: every promise holds after every step, and every run comes to rest")
    void keepsEveryPromise() {
        Simulation.Summary summary = sound.run(1, SEEDS);

        List<String> shown = summary.failures().stream()
                .limit(SHOWN)
                .map(failure -> text(sound, failure.seed()))
                .toList();
        assertThat(shown)
                .as("%d of %d seeds fail", summary.failures().size(), SEEDS)
                .isEmpty();
        assertThat(Objects.requireNonNull(summary.counts().get("ioreqs carried out")))
                .as("ioreqs that emulators carried out")
                .isGreaterThan(10L * SEEDS);
    }

    @Test
    void aSeedAlwaysGivesTheSameRun() {
        Simulation.Summary once = planted.run(1, 20);
        Simulation.Summary again = planted.run(1, 20);

        assertThat(again).isEqualTo(once);
        assertThat(once.failures()).isNotEmpty();
        Simulation.Failure first = once.failures().getFirst();
        assertThat(planted.replay(first.seed(), LINES)).hasValueSatisfying(replay -> {
            assertThat(replay.failure()).isEqualTo(first);
            assertThat(replay.trace()).hasSize(LINES);
        });
    }

    @Test
    void whatIsStoppedHasRunTheFirstSeeds() {
        AtomicBoolean stops = new AtomicBoolean();

        Simulation.Summary stopped = planted.run(1, 100, done -> stops.set(true), stops::get);

        assertThat(stopped.seeds()).isBetween(1, 99);
        assertThat(planted.run(1, stopped.seeds())).isEqualTo(stopped);
        assertThat(planted.run(1, 100, done -> {}, () -> true).seeds()).isZero();
    }

    private static String text(Simulation simulation, long seed) {
        Simulation.Replay replay = simulation.replay(seed, LINES).orElseThrow();
        Simulation.Failure failure = replay.failure();
        return "seed " + seed + ", step " + failure.step() + ": " + failure.rule() + ": " + failure.message() + "\n  "
                + String.join("\n  ", replay.trace())
                + "\nagain: " + simulation.command(seed);
    }
}
