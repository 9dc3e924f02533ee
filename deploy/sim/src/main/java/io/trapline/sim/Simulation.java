package io.trapline.sim;

import io.trapline.sim.check.Violation;
import io.trapline.sim.world.Plant;
import io.trapline.sim.world.World;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;
import java.util.stream.LongStream;

/**
 * Runs worlds of simulated guests, emulators and one node over a range of seeds, each with the rules of production under a scheduler that delays, cuts and
 * crosses everything it may. A seed, a number of steps and a plant always give the same run; runs share nothing, and go on side by side.
 */
public final class Simulation {
    /** How long a seed's run is with faults, where nobody says otherwise. */
    public static final int DEFAULT_STEPS = 3_000;

    private static final int AT_A_TIME = 32;

    private Simulation() {}

    /**
     * A promise that was broken, or a rule that failed, in the run of one seed.
     *
     * @param step at which it was noticed
     * @param rule as {@link Violation} names it
     */
    public record Failure(long seed, long step, String rule, String message) {}

    /** A failure once more, with the last things that happened before it, a line each. */
    public record Replay(Failure failure, List<String> trace) {
        public Replay {
            trace = List.copyOf(trace);
        }
    }

    /**
     * What came of a range of seeds.
     *
     * @param steps of all runs together
     * @param accesses that guests made
     * @param carriedOut ioreqs that emulators carried out
     * @param failures by ascending seed
     */
    public record Summary(
            long firstSeed,
            int seeds,
            Plant plant,
            long steps,
            long accesses,
            long carriedOut,
            List<Failure> failures) {
        public Summary {
            failures = List.copyOf(failures);
        }
    }

    private record Run(long steps, long accesses, long carriedOut, Optional<Failure> failure) {}

    /**
     * Runs the seeds firstSeed … firstSeed + seeds - 1, each for so many steps and then until it is quiet.
     *
     * @param progress told now and then how many seeds are done
     */
    public static Summary run(long firstSeed, int seeds, int stepsPerSeed, Plant plant, IntConsumer progress) {
        List<Run> runs = new ArrayList<>();
        while (runs.size() < seeds) {
            long next = firstSeed + runs.size();
            runs.addAll(LongStream.range(next, next + Math.min(AT_A_TIME, seeds - runs.size()))
                    .parallel()
                    .mapToObj(seed -> run(seed, stepsPerSeed, plant))
                    .toList());
            progress.accept(runs.size());
        }
        return new Summary(
                firstSeed,
                seeds,
                plant,
                runs.stream().mapToLong(Run::steps).sum(),
                runs.stream().mapToLong(Run::accesses).sum(),
                runs.stream().mapToLong(Run::carriedOut).sum(),
                runs.stream().flatMap(run -> run.failure().stream()).toList());
    }

    private static Run run(long seed, int steps, Plant plant) {
        World world = new World(seed, plant, 0);
        Optional<Failure> failure = failure(world, seed, steps);
        return new Run(world.steps(), world.accesses(), world.carriedOut(), failure);
    }

    /** One run once more, with its last lines; empty where nothing fails. */
    public static Optional<Replay> replay(long seed, int steps, Plant plant, int lines) {
        World world = new World(seed, plant, lines);
        return failure(world, seed, steps).map(failure -> new Replay(failure, world.trace()));
    }

    /** The command that shows it again. */
    public static String command(long seed, int steps, Plant plant) {
        return "./trapline simulate --seed " + seed + " --seeds 1"
                + (steps == DEFAULT_STEPS ? "" : " --steps " + steps)
                + (plant == Plant.NONE ? "" : " --plant " + plant);
    }

    private static Optional<Failure> failure(World world, long seed, int steps) {
        try {
            world.run(steps);
            return Optional.empty();
        } catch (Violation violation) {
            return Optional.of(
                    new Failure(seed, world.steps(), violation.rule(), String.valueOf(violation.getMessage())));
        } catch (RuntimeException bug) {
            return Optional.of(new Failure(seed, world.steps(), "a rule failed", bug.toString()));
        }
    }
}
