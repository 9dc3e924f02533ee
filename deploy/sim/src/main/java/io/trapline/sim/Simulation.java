package io.trapline.sim;

import io.trapline.sim.check.Violation;
import io.trapline.sim.world.Plant;
import io.trapline.sim.world.World;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Runs worlds of simulated guests, emulators and one node over a range of seeds, each with the rules of production under a scheduler that delays, cuts and
 * crosses everything it may. A seed and a number of steps always give the same run.
 */
public final class Simulation {
    private static final int LAST_LINES = Integer.getInteger("L", 60);

    private Simulation() {}

    /** A promise that was broken, or a rule that failed, in the run of one seed. */
    public record Failure(long seed, long step, String rule, String message, List<String> trace) {
        public Failure {
            trace = List.copyOf(trace);
        }
    }

    /**
     * What came of a range of seeds.
     *
     * @param steps of all runs together
     * @param accesses that guests made
     * @param carriedOut ioreqs that emulators carried out
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

    /** Runs the seeds firstSeed … firstSeed + seeds - 1, each for so many steps and then until it is quiet. */
    public static Summary run(long firstSeed, int seeds, int stepsPerSeed, Plant plant) {
        long steps = 0;
        long accesses = 0;
        long carriedOut = 0;
        List<Failure> failures = new ArrayList<>();
        for (long seed = firstSeed; seed < firstSeed + seeds; seed++) {
            World world = new World(seed, plant, false);
            runOne(world, seed, stepsPerSeed)
                    .map(failure -> traced(failure, stepsPerSeed, plant))
                    .ifPresent(failures::add);
            steps += world.steps();
            accesses += world.accesses();
            carriedOut += world.carriedOut();
        }
        return new Summary(firstSeed, seeds, plant, steps, accesses, carriedOut, failures);
    }

    private static Optional<Failure> runOne(World world, long seed, int steps) {
        try {
            world.run(steps);
            return Optional.empty();
        } catch (Violation violation) {
            return Optional.of(failure(world, seed, violation.rule(), violation));
        } catch (IllegalStateException | IllegalArgumentException bug) {
            return Optional.of(failure(world, seed, "a rule failed", bug));
        }
    }

    private static Failure failure(World world, long seed, String rule, RuntimeException why) {
        List<String> trace = world.trace();
        return new Failure(
                seed,
                world.steps(),
                rule,
                String.valueOf(why.getMessage()),
                trace.subList(Math.max(0, trace.size() - LAST_LINES), trace.size()));
    }

    /** The same run once more, with what happened in it. */
    private static Failure traced(Failure failure, int steps, Plant plant) {
        return runOne(new World(failure.seed(), plant, true), failure.seed(), steps)
                .orElse(failure);
    }
}
