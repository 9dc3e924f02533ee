package io.trapline.faults.chaos;

import io.trapline.faults.check.Checker;
import io.trapline.faults.check.Report;
import io.trapline.faults.history.Event;
import io.trapline.faults.history.History;
import io.trapline.faults.workload.Workload;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * A run: a workload at a cluster, one fault after the other in an order that follows from the seed, then a while without, then everything is read once more
 * and the history is checked. Used by one thread.
 */
public final class Chaos {
    /** Longer than any call, any drain and any timeout of an access that the workload asks for; who waits for what is said within two minutes. */
    private static final Duration PATIENCE = Duration.ofSeconds(100);

    private static final long POLL_MILLIS = 20;
    private static final int MOST_REST_MILLIS = 1_000;
    /** A lease, two elections, and what a client waits between attempts. */
    private static final long HEALING_MILLIS = 3_000;

    private static final long CALM_MILLIS = 1_000;

    private final Target target;
    private final SplittableRandom random;
    private final Duration duration;
    private final History history;
    private final Consumer<String> notes;
    private final BooleanSupplier stops;
    private final long effectMillis;
    private final Set<String> scheduled = new TreeSet<>();
    private final Set<String> effective = new TreeSet<>();
    private int faults;

    private Chaos(Target target, Settings settings, History history) {
        this.target = target;
        this.random = new SplittableRandom(settings.seed());
        this.duration = settings.duration();
        this.history = history;
        this.notes = settings.notes();
        this.stops = settings.stops();
        this.effectMillis = settings.effects().toMillis();
    }

    /**
     * How a run is to be.
     *
     * @param seed what is chosen follows from it
     * @param duration of the part with faults
     * @param notes told what happens
     * @param stops asked whether to come to an end early
     * @param effects how long the effect of a fault is waited for once it is healed
     */
    public record Settings(
            long seed, Duration duration, Consumer<String> notes, BooleanSupplier stops, Duration effects) {
        /** The usual time for effects. */
        public Settings(long seed, Duration duration, Consumer<String> notes, BooleanSupplier stops) {
            this(seed, duration, notes, stops, Duration.ofSeconds(10));
        }
    }

    /**
     * What came of a run.
     *
     * @param faults how many there were
     * @param withoutEffect kinds of faults that were scheduled and caused nothing: they prove nothing
     * @param resent how often a guest's stream was resumed, with what it had no answer for
     * @param broken clients that met what they cannot
     * @param defects as {@link Target#defects}
     */
    public record Result(
            int faults,
            Set<String> withoutEffect,
            Report report,
            long resent,
            Target.Effects effects,
            List<Throwable> broken,
            List<String> defects) {
        /** Whether every promise was kept, and the run proves that. */
        public boolean isFaultless() {
            return report.isFaultless() && withoutEffect.isEmpty() && broken.isEmpty() && defects.isEmpty();
        }
    }

    /** Runs it; everything is in the history then. */
    public static Result run(Target target, Settings settings, History history)
            throws IOException, InterruptedException {
        Chaos chaos = new Chaos(target, settings, history);
        return chaos.run(chaos::breakThings);
    }

    /**
     * A story instead of what is chosen: those faults in that order, each once. The settings' duration means nothing then.
     *
     * @param faults their names; {@link IllegalArgumentException} for one that is not there or cannot be done here
     * @param during called while each is broken, with what was hit
     */
    public static Result tell(Target target, Settings settings, History history, List<String> faults, During during)
            throws IOException, InterruptedException {
        Chaos chaos = new Chaos(target, settings, history);
        return chaos.run((workload, kinds) -> {
            for (String name : faults) {
                Fault kind = kinds.stream()
                        .filter(each -> each.name().equals(name))
                        .findFirst()
                        .orElseThrow(() -> new IllegalArgumentException("no fault " + name + " can be done here"));
                TimeUnit.MILLISECONDS.sleep(CALM_MILLIS);
                chaos.inflict(kind, during);
            }
        });
    }

    /** What is to hold while something is broken. */
    @FunctionalInterface
    public interface During {
        /** {@code broken}: what it is. */
        void look(Fault.Broken broken) throws IOException, InterruptedException;
    }

    private interface Plot {
        void unfold(Workload workload, List<Fault> kinds) throws IOException, InterruptedException;
    }

    private Result run(Plot plot) throws IOException, InterruptedException {
        try (ClientFaults clients = new ClientFaults();
                Workload workload = Workload.begin(
                        clients.doors(target), target.memory(), target.longestPause(), random.nextLong(), history)) {
            List<Fault> kinds = new ArrayList<>(target.faults(domains(workload)));
            kinds.addAll(clients.faults(workload::guestResumptions, workload::emulatorResumptions));
            kinds.forEach(
                    kind -> kind.unavailable().ifPresent(why -> notes.accept("not here: " + kind.name() + ": " + why)));
            kinds.removeIf(kind -> kind.unavailable().isPresent());
            plot.unfold(workload, kinds);
            target.awaitWhole();
            TimeUnit.MILLISECONDS.sleep(HEALING_MILLIS);
            workload.healed();
            TimeUnit.MILLISECONDS.sleep(CALM_MILLIS);
            workload.finish(PATIENCE);
            if (!workload.broken().isEmpty()) {
                target.state().forEach(notes);
            }
            Set<String> withoutEffect = new TreeSet<>(scheduled);
            withoutEffect.removeAll(effective);
            return new Result(
                    faults,
                    withoutEffect,
                    Checker.check(history.events()),
                    workload.guestResumptions(),
                    target.effects(),
                    workload.broken(),
                    target.defects());
        }
    }

    private static Target.Domains domains(Workload workload) {
        return new Target.Domains() {
            @Override
            public int lasting() {
                return workload.domain().domid().value();
            }

            @Override
            public OptionalInt passing() {
                return workload.passingDomain();
            }
        };
    }

    private void breakThings(Workload workload, List<Fault> kinds) throws IOException, InterruptedException {
        long end = history.now() + duration.toNanos();
        List<Fault> turn = new ArrayList<>();
        rest(end);
        while (isGoingOn(workload, end) && !kinds.isEmpty()) {
            if (turn.isEmpty()) {
                turn.addAll(kinds);
                Collections.shuffle(turn, new Random(random.nextLong()));
            }
            inflict(turn.removeLast(), broken -> {});
            rest(end);
        }
        while (isGoingOn(workload, end)) {
            rest(end);
        }
    }

    private boolean isGoingOn(Workload workload, long end) {
        return history.now() < end
                && !stops.getAsBoolean()
                && !workload.isFull()
                && workload.broken().isEmpty();
    }

    private void rest(long end) throws InterruptedException {
        long left = Math.max(0, TimeUnit.NANOSECONDS.toMillis(end - history.now()));
        TimeUnit.MILLISECONDS.sleep(Math.min(left, 1 + random.nextInt(MOST_REST_MILLIS)));
    }

    private void inflict(Fault kind, During during) throws IOException, InterruptedException {
        // Only what is whole can be broken; and that is not part of how long it was broken.
        target.awaitWhole();
        long start = history.now();
        Fault.Broken broken = kind.injection().inject(random);
        scheduled.add(kind.name());
        faults++;
        notes.accept(kind.name() + ": " + broken.target());
        try {
            await(kind.lasting().toMillis());
            during.look(broken);
        } finally {
            broken.heal();
        }
        var span = history.since(start);
        for (long waited = 0; broken.effect().isEmpty() && waited < effectMillis; waited += POLL_MILLIS) {
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
        String effect = broken.effect();
        if (!effect.isEmpty()) {
            effective.add(kind.name());
        }
        history.add(new Event.Fault(kind.name(), broken.target(), broken.endsNodes(), effect, span));
    }

    /** A fault is left alone for its time, and not for longer once the run is asked to end. */
    private void await(long millis) throws InterruptedException {
        for (long waited = 0; waited < millis && !stops.getAsBoolean(); waited += POLL_MILLIS) {
            TimeUnit.MILLISECONDS.sleep(Math.min(POLL_MILLIS, millis - waited));
        }
    }
}
