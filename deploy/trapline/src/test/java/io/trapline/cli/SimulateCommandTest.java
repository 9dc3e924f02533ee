package io.trapline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.cli.text.Json;
import io.trapline.sim.Worlds;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

final class SimulateCommandTest {
    private final Shell shell = new Shell();

    @Test
    void tellsAProgramThatEveryPromiseIsKept() {
        int exit = shell.run("simulate", "--seeds", "3", "--seed", "5", "--steps", "500", "--json");

        assertThat(exit).isEqualTo(ExitCode.DONE);
        assertThat(shell.err()).isEmpty();
        assertThat(shell.json()).hasSize(1);
        Json summary = shell.summary();
        assertThat(summary.get("first_seed")).isEqualTo(5L);
        assertThat(summary.get("seeds")).isEqualTo(3L);
        assertThat(Shell.count(summary, "steps")).isGreaterThan(1_500);
        assertThat(summary.get("violations")).isEqualTo(0L);
        assertThat(summary.get("plant")).isEqualTo("none");
        assertThat(summary.get("failing_seeds")).isEqualTo(List.of());
    }

    @Test
    void showsAPlantedBugWithTheCommandThatShowsItAgain() {
        int exit = shell.run("simulate", "--seeds", "10", "--plant", "answer-changed", "--trace", "7", "--json");

        assertThat(exit).isEqualTo(ExitCode.CHECK_FAILED);
        List<?> failing = (List<?>) Objects.requireNonNull(shell.summary().get("failing_seeds"));
        assertThat(failing).isNotEmpty();
        assertThat(Shell.count(shell.summary(), "violations")).isEqualTo(failing.size());
        assertThat(shell.json().getFirst().get("seed")).isEqualTo(failing.getFirst());
        assertThat(shell.json().getFirst().get("rule")).isEqualTo("A4");
        List<String> shown = shell.err().lines().toList();
        String again = shown.getLast();
        assertThat(shown).hasSizeGreaterThanOrEqualTo(10);
        assertThat(again)
                .isEqualTo(
                        "again: ./trapline simulate --world node --seed %s --seeds 1 --plant answer-changed",
                        failing.getFirst());
        String broken = shown.get(shown.size() - 2);

        assertThat(shell.run(again.substring("again: ./trapline ".length()).split(" ", -1)))
                .isEqualTo(ExitCode.CHECK_FAILED);
        assertThat(shell.err()).contains(broken);
        assertThat(shell.out()).contains("RULE").contains("BROKEN in 1 of these runs");
    }

    @Test
    void listsPlants() {
        assertThat(shell.run("simulate", "--list-plants")).isEqualTo(ExitCode.DONE);
        assertThat(shell.out()).contains("late-answer-believed").contains("F1, F5");

        assertThat(shell.run("simulate", "--list-plants", "--json")).isEqualTo(ExitCode.DONE);
        int plants =
                Worlds.all().stream().mapToInt(world -> world.planted().size()).sum();
        assertThat(Shell.count(shell.summary(), "plants")).isEqualTo(plants);
        assertThat(shell.json()).hasSize(plants + 1);
    }

    @Test
    void saysWhatIsWrongWithTheFlagAndItsValue() {
        assertThat(shell.run("simulate", "--plant", "ANSWER_CHANGED")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains("--plant is ANSWER_CHANGED, which is no plant: see --list-plants");
        assertThat(shell.run("simulate", "--world", "mars")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains("--world is mars, not one of node");
        assertThat(shell.run("simulate", "--steps", "1000001")).isEqualTo(ExitCode.USAGE);
        assertThat(shell.err()).contains("--steps is 1000001, not 1 … 1000000");
    }

    @Test
    void endsWithWhatItHasWhenItIsStopped() {
        shell.interrupt();

        int exit = shell.run("simulate", "--seeds", "1000000", "--json");

        assertThat(exit).isEqualTo(ExitCode.DONE);
        assertThat(shell.summary().get("seeds")).isEqualTo(0L);
        assertThat(shell.err()).contains("stopped: 0 of 1,000,000 seeds in world node were run");
    }
}
