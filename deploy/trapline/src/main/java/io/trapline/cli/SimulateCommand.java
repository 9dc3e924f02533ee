package io.trapline.cli;

import io.trapline.cli.text.Console;
import io.trapline.cli.text.Count;
import io.trapline.cli.text.Json;
import io.trapline.cli.text.Progress;
import io.trapline.cli.text.Table;
import io.trapline.sim.Simulation;
import io.trapline.sim.Worlds;
import io.trapline.sim.run.Variant;
import io.trapline.sim.run.WorldKind;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code simulate}: the rules of production under a simulated network and clock. */
@Command(
        name = "simulate",
        description = {
            "Run the rules that decide, as they are in production, in simulated worlds that cut, delay and resend everything they may, and check"
                    + " every promise after each step.",
            "Each seed is one run of each world, always the same. A run that breaks a promise is shown with the rule, the last things that happened"
                    + " and the command that shows it again; then the exit code is 1.",
            "--plant puts one known bug in, which must be noticed; --list-plants says which there are. Ctrl-C ends with what was found so far."
        },
        footer = {"", "Example:", "  trapline simulate --seeds 1000 --plant late-answer-believed"})
final class SimulateCommand implements Callable<Integer> {
    private static final int MOST = 1_000_000;
    private static final int ROWS = 20;

    @ParentCommand
    private TraplineCommand trapline;

    @Option(
            names = "--seeds",
            defaultValue = "200",
            paramLabel = "N",
            description = "How many, 1 … 1000000 (default: ${DEFAULT-VALUE}).")
    private int seeds;

    @Option(
            names = "--seed",
            defaultValue = "1",
            paramLabel = "S",
            description = "The first of them (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--plant",
            defaultValue = Variant.NONE,
            paramLabel = "BUG",
            completionCandidates = Plants.class,
            description = "The bug that is put in.")
    private String plant = Variant.NONE;

    @Option(names = "--list-plants", description = "Say which bugs can be put in, and which rules must notice them.")
    private boolean listsPlants;

    @Option(
            names = "--world",
            paramLabel = "WORLD",
            completionCandidates = WorldNames.class,
            description =
                    "Only this one of: ${COMPLETION-CANDIDATES} (default: the one of the plant; all where none is planted).")
    private @Nullable String world;

    @Option(
            names = "--steps",
            paramLabel = "K",
            description =
                    "Steps of each run before nothing goes wrong any more, 1 … 1000000 (default: the world's own).")
    private @Nullable Integer steps;

    @Option(
            names = "--trace",
            defaultValue = "40",
            paramLabel = "N",
            description =
                    "How many of the last things that happened are shown of the first run that fails (default: ${DEFAULT-VALUE}).")
    private int lines;

    /** The names that {@code --plant} takes. */
    static final class Plants implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Worlds.all().stream()
                    .flatMap(kind -> kind.planted().stream())
                    .map(Variant::plant)
                    .iterator();
        }
    }

    /** The names that {@code --world} takes. */
    static final class WorldNames implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Worlds.all().stream().map(WorldKind::name).iterator();
        }
    }

    /** What came of one world. */
    private record Ran(Simulation simulation, Simulation.Summary summary) {}

    @Override
    public Integer call() throws BadInput {
        Console console = trapline.console();
        if (listsPlants) {
            return list(console);
        }
        check("--seeds", seeds);
        check("--trace", lines);
        if (steps != null) {
            check("--steps", steps);
        }
        if (seed < 0 || seed > Long.MAX_VALUE - MOST) {
            throw new BadInput("--seed is " + seed + ", not 0 … " + (Long.MAX_VALUE - MOST));
        }
        List<Ran> all = run(console, simulations());
        all.stream()
                .filter(ran -> !ran.summary().failures().isEmpty())
                .findFirst()
                .ifPresent(ran ->
                        show(console, ran.simulation(), ran.summary().failures().getFirst()));
        return tell(console, all);
    }

    private static void check(String option, int value) throws BadInput {
        if (value < 1 || value > MOST) {
            throw new BadInput(option + " is " + value + ", not 1 … " + MOST);
        }
    }

    private List<Simulation> simulations() throws BadInput {
        List<WorldKind> kinds = Worlds.all().stream()
                .filter(kind -> world == null || kind.name().equals(world))
                .toList();
        if (kinds.isEmpty()) {
            throw new BadInput("--world is " + world + ", not one of " + String.join(", ", new WorldNames()));
        }
        List<Simulation> simulations = kinds.stream()
                .flatMap(kind -> kind.variant(plant).stream().map(variant -> simulation(kind, variant)))
                .toList();
        if (simulations.isEmpty()) {
            throw new BadInput("--plant is " + plant + ", which is no plant"
                    + (world == null ? "" : " of world " + world) + ": see --list-plants");
        }
        return simulations;
    }

    private Simulation simulation(WorldKind kind, Variant variant) {
        return steps == null ? Simulation.of(kind, variant) : new Simulation(kind, variant, steps);
    }

    private List<Ran> run(Console console, List<Simulation> simulations) {
        Interrupt interrupt = trapline.interrupt();
        interrupt.arm(() -> {});
        List<Ran> all = new ArrayList<>();
        for (Simulation simulation : simulations) {
            String what = "seeds in world " + simulation.world().name();
            try (Progress progress = new Progress(console, what, seeds)) {
                Simulation.Summary summary = simulation.run(seed, seeds, progress::update, interrupt::isRequested);
                all.add(new Ran(simulation, summary));
                if (summary.seeds() < seeds) {
                    console.note("stopped: " + new Count(summary.seeds()) + " of " + new Count(seeds) + " " + what
                            + " were run");
                }
            }
        }
        return all;
    }

    private static int list(Console console) {
        Table table = new Table("plant", "world", "breaks", "noticed_by");
        for (WorldKind kind : Worlds.all()) {
            for (Variant planted : kind.planted()) {
                table.row(planted.plant(), kind.name(), planted.breaks(), String.join("; ", planted.noticedBy()));
            }
        }
        console.table(table, "");
        console.record(Json.object().put("plants", table.size()));
        return ExitCode.DONE;
    }

    /** To stderr in either form: it is for a person. */
    private void show(Console console, Simulation simulation, Simulation.Failure first) {
        Simulation.Replay replay = simulation.replay(first.seed(), lines).orElseThrow();
        String run = "world " + simulation.world().name() + ", seed " + first.seed();
        console.note(run + ", the last " + replay.trace().size() + " things that happened:");
        replay.trace().forEach(line -> console.note("  " + line));
        console.note(run + ", step " + first.step() + ": " + first.rule() + ": " + first.message());
        console.note("again: " + simulation.command(first.seed()));
    }

    private int tell(Console console, List<Ran> all) {
        Table table = new Table("world", "seed", "step", "rule", "message");
        long violations = 0;
        for (Ran ran : all) {
            for (Simulation.Failure failure : ran.summary().failures()) {
                violations++;
                if (console.isJson() || table.size() < ROWS) {
                    table.row(
                            ran.simulation().world().name(),
                            failure.seed(),
                            failure.step(),
                            failure.rule(),
                            failure.message().lines().findFirst().orElse(""));
                }
            }
        }
        if (table.size() > 0) {
            console.table(table, "");
        }
        if (table.size() < violations) {
            console.line("… and " + new Count(violations - table.size()) + " more");
        }
        all.forEach(ran -> console.line(inWords(ran)));
        Stream<Simulation.Summary> summaries = all.stream().map(Ran::summary);
        console.result(
                violations == 0 ? "every promise kept" : "BROKEN in " + new Count(violations) + " of these runs",
                Json.object()
                        .put("first_seed", seed)
                        .put(
                                "seeds",
                                all.stream()
                                        .mapToInt(ran -> ran.summary().seeds())
                                        .max()
                                        .orElse(0))
                        .put(
                                "steps",
                                all.stream()
                                        .mapToLong(ran -> ran.summary().steps())
                                        .sum())
                        .put("violations", violations)
                        .put("plant", plant)
                        .put(
                                "failing_seeds",
                                summaries
                                        .flatMap(summary -> summary.failures().stream())
                                        .map(Simulation.Failure::seed)
                                        .distinct()
                                        .sorted()
                                        .toList()));
        return violations == 0 ? ExitCode.DONE : ExitCode.CHECK_FAILED;
    }

    private String inWords(Ran ran) {
        Map<String, Long> counts = new TreeMap<>(ran.summary().counts());
        return "world " + ran.simulation().world().name() + ": "
                + new Count(ran.summary().seeds()) + " seeds from "
                + seed + " on, plant " + plant + ", " + new Count(ran.summary().steps()) + " steps"
                + counts.entrySet().stream()
                        .map(count -> ", " + new Count(count.getValue()) + " " + count.getKey())
                        .collect(Collectors.joining());
    }
}
