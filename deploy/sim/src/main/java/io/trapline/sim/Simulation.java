package io.trapline.sim;

import io.trapline.sim.check.Violation;
import io.trapline.sim.run.Run;
import io.trapline.sim.run.Variant;
import io.trapline.sim.run.WorldKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;
import java.util.stream.LongStream;

/**
 * Runs the worlds of one kind over a range of seeds, each with the rules of production under a scheduler that delays, cuts and crosses everything it may. A
 * seed, a number of steps and a plant always give the same run; runs share nothing, and go on side by side.
 *
 * @param world the kind
 * @param variant of it
 * @param steps of each run before nothing goes wrong any more, above 0
 */
public record Simulation(WorldKind world, Variant variant, int steps) {
    private static final int AT_A_TIME = 32;

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
     * @param seeds how many were run, from the first on
     * @param steps of all runs together
     * @param counts of all runs together, as {@link Run#counts}
     * @param failures by ascending seed
     */
    public record Summary(long firstSeed, int seeds, long steps, Map<String, Long> counts, List<Failure> failures) {
        public Summary {
            failures = List.copyOf(failures);
        }
    }

    private record Ran(long steps, Map<String, Long> counts, Optional<Failure> failure) {}

    /** With as many steps as its kind has where nobody says otherwise. */
    public static Simulation of(WorldKind world, Variant variant) {
        return new Simulation(world, variant, world.steps());
    }

    /** Runs the seeds firstSeed … firstSeed + seeds - 1. */
    public Summary run(long firstSeed, int seeds) {
        return run(firstSeed, seeds, done -> {}, () -> false);
    }

    /**
     * The same.
     *
     * @param progress told now and then how many seeds are done
     * @param stops asked before each seed: whether it and what follows is left out
     */
    public Summary run(long firstSeed, int seeds, IntConsumer progress, BooleanSupplier stops) {
        List<Ran> all = new ArrayList<>();
        while (all.size() < seeds && !stops.getAsBoolean()) {
            long next = firstSeed + all.size();
            LongStream.range(next, next + Math.min(AT_A_TIME, seeds - all.size()))
                    .parallel()
                    .mapToObj(seed -> stops.getAsBoolean() ? Optional.<Ran>empty() : Optional.of(run(seed)))
                    .toList()
                    .stream()
                    .takeWhile(Optional::isPresent)
                    .forEach(ran -> all.add(ran.orElseThrow()));
            progress.accept(all.size());
        }
        Map<String, Long> counts = new TreeMap<>();
        all.forEach(ran -> ran.counts().forEach((what, count) -> counts.merge(what, count, Long::sum)));
        return new Summary(
                firstSeed,
                all.size(),
                all.stream().mapToLong(Ran::steps).sum(),
                counts,
                all.stream().flatMap(ran -> ran.failure().stream()).toList());
    }

    private Ran run(long seed) {
        Run run = variant.start().begin(seed, 0);
        Optional<Failure> failure = failure(run, seed);
        return new Ran(run.steps(), run.counts(), failure);
    }

    /** One run once more, with so many of its last lines; empty where nothing fails. */
    public Optional<Replay> replay(long seed, int lines) {
        Run run = variant.start().begin(seed, lines);
        return failure(run, seed).map(failure -> new Replay(failure, run.trace()));
    }

    /** The command that shows it again. */
    public String command(long seed) {
        return "./trapline simulate --world " + world.name() + " --seed " + seed + " --seeds 1"
                + (steps == world.steps() ? "" : " --steps " + steps)
                + (variant.isPlanted() ? " --plant " + variant.plant() : "");
    }

    private Optional<Failure> failure(Run run, long seed) {
        try {
            run.run(steps);
            return Optional.empty();
        } catch (Violation violation) {
            return Optional.of(
                    new Failure(seed, run.steps(), violation.rule(), String.valueOf(violation.getMessage())));
        } catch (RuntimeException bug) {
            return Optional.of(new Failure(seed, run.steps(), "a rule failed", bug.toString()));
        }
    }
}
