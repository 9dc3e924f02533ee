package io.trapline.cli;

import io.trapline.cli.chaos.EmbeddedTarget;
import io.trapline.cli.chaos.ProcessTarget;
import io.trapline.cli.text.Console;
import io.trapline.cli.text.Count;
import io.trapline.cli.text.Json;
import io.trapline.faults.chaos.Chaos;
import io.trapline.faults.chaos.Measures;
import io.trapline.faults.chaos.Target;
import io.trapline.faults.check.Checker;
import io.trapline.faults.check.Report;
import io.trapline.faults.history.Event;
import io.trapline.faults.history.History;
import io.trapline.faults.history.HistoryFile;
import io.trapline.model.FileTrouble;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code chaos}: a workload at a cluster that is broken on purpose, and the check of what its clients saw. */
@Command(
        name = "chaos",
        description = {
            "Let many guests, emulators and operators loose on a cluster of processes, kill and stop these and break connections while they are at it, and check the history of all they did:"
                    + " who held what, what every read saw, who was passed which access, how often.",
            "Exit code 1 where a promise is broken, where a kind of fault had no effect, or where a process has logged that an actor of it died or a call failed at"
                    + " an exception. The history and the logs of such a run are kept; --check looks at the history again.",
            "accesses_stalled_ms is the longest time that an access was under way. resent counts streams of guests that were resumed with accesses"
                    + " sent again."
        },
        footer = {"", "Example:", "  trapline chaos --seed 7 --duration 10s"})
final class ChaosCommand implements Callable<Integer> {
    private static final Duration LONGEST = Duration.ofHours(1);
    private static final int FINDINGS = 10;
    private static final int MOST_NODES = 8;

    @ParentCommand
    private TraplineCommand trapline;

    @Option(
            names = "--seed",
            defaultValue = "1",
            paramLabel = "S",
            description = "What is chosen follows from it (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--duration",
            defaultValue = "30s",
            paramLabel = "DURATION",
            description = "How long things are broken, 1s … 60m (default: ${DEFAULT-VALUE}).")
    private Duration duration = Duration.ofSeconds(30);

    @Option(
            names = "--coordinators",
            defaultValue = "3",
            paramLabel = "N",
            description = "How many coordinators, 1, 3 or 5 (default: ${DEFAULT-VALUE}).")
    private int coordinators;

    @Option(
            names = "--nodes",
            defaultValue = "3",
            paramLabel = "N",
            description = "How many nodes, 1 … 8 (default: ${DEFAULT-VALUE}).")
    private int nodes;

    @Option(
            names = "--memory",
            defaultValue = "volatile",
            paramLabel = "KIND",
            description =
                    "Of the domain that stays: volatile (default), one copy; replicated: two, and the node that has it is killed, too.")
    private MemoryKind memory = MemoryKind.VOLATILE;

    @Option(
            names = "--spread",
            description =
                    "Its shards at several nodes, each of which is too small for it: takes 3 nodes, or 4 where it is replicated.")
    private boolean spreads;

    @Option(
            names = "--one-process",
            description = "All of the cluster in this process: nothing is broken but the connections of clients.")
    private boolean isInOneProcess;

    @Option(
            names = "--history",
            paramLabel = "FILE",
            description = "Write what clients did to this file, also where nothing is wrong.")
    private @Nullable Path file;

    @Option(names = "--check", paramLabel = "FILE", description = "Run nothing: check what such a file says.")
    private @Nullable Path checked;

    @Override
    public Integer call() throws Exception {
        Console console = trapline.console();
        if (checked != null) {
            return check(console, checked);
        }
        if (seed < 0) {
            throw new BadInput("--seed is " + seed + ", not 0 … " + Long.MAX_VALUE);
        }
        if (duration.compareTo(Duration.ofSeconds(1)) < 0 || duration.compareTo(LONGEST) > 0) {
            throw new BadInput("--duration is " + DurationConverter.text(duration) + ", not 1s … 60m");
        }
        if (coordinators != 1 && coordinators != 3 && coordinators != 5) {
            throw new BadInput("--coordinators is " + coordinators + ", not 1, 3 or 5");
        }
        if (nodes < 1 || nodes > MOST_NODES) {
            throw new BadInput("--nodes is " + nodes + ", not 1 … " + MOST_NODES);
        }
        int fewest = ProcessTarget.Cluster.fewestNodes(memory.value(), spreads);
        if (spreads && isInOneProcess) {
            throw new BadInput("--spread is for separate processes, without --one-process");
        }
        if (nodes < fewest) {
            throw new BadInput("--nodes is " + nodes + ", not " + fewest + " or more, as --spread takes");
        }
        Path kept = file;
        if (kept != null) {
            mustBeWritable(kept);
        }
        Interrupt interrupt = trapline.interrupt();
        interrupt.arm(() -> {});
        Chaos.Settings settings = new Chaos.Settings(seed, duration, console::note, interrupt::isRequested);
        if (isInOneProcess) {
            try (EmbeddedTarget target = EmbeddedTarget.start()) {
                return run(console, target, settings);
            }
        }
        try (ProcessTarget target = ProcessTarget.start(new ProcessTarget.Cluster(
                coordinators, nodes, memory.value(), spreads, TraplineCommand.class.getName()))) {
            int exit = ExitCode.CHECK_FAILED;
            try {
                exit = run(console, target, settings);
            } finally {
                if (exit != ExitCode.DONE) {
                    console.note("logs of the processes: " + target.keepLogs());
                }
            }
            return exit;
        }
    }

    /** Before an hour of what is to be written there. */
    private static void mustBeWritable(Path history) throws BadInput {
        boolean isNew = Files.notExists(history);
        try {
            Files.newByteChannel(history, StandardOpenOption.CREATE, StandardOpenOption.WRITE)
                    .close();
            if (isNew) {
                Files.delete(history);
            }
        } catch (IOException cannot) {
            throw new BadInput("--history is " + history + ", which cannot be written: " + FileTrouble.reason(cannot));
        }
    }

    private int run(Console console, Target target, Chaos.Settings settings) throws IOException, InterruptedException {
        History history = new History();
        return tell(console, Chaos.run(target, settings, history), history.events());
    }

    private static int check(Console console, Path file) throws BadInput {
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            throw new BadInput("--check is " + file + ": no file that can be read");
        }
        List<Event> events;
        try {
            events = HistoryFile.read(file);
        } catch (IOException | HistoryFile.MalformedException wrong) {
            throw new BadInput("--check is " + file + ": " + wrong.getMessage());
        }
        Report report = Checker.check(events);
        show(console, report);
        console.result(
                new Count(report.operations()) + " operations, " + new Count(report.unknown()) + " unknown: "
                        + verdict(report.violations()),
                Json.object()
                        .put("file", file)
                        .put("operations", report.operations())
                        .put("violations", report.violations())
                        .put("unknown", report.unknown())
                        .put("redelivered", report.redelivered()));
        return report.isFaultless() ? ExitCode.DONE : ExitCode.CHECK_FAILED;
    }

    private static String verdict(long violations) {
        return violations == 0 ? "every promise kept" : new Count(violations) + " promises BROKEN";
    }

    /** A process that says of itself that it has failed has broken a promise, whether a client has seen it or not. */
    private static long violations(Chaos.Result result) {
        return result.report().violations() + result.defects().size();
    }

    private static void show(Console console, Report report) {
        report.findings().stream().limit(FINDINGS).forEach(finding -> console.note(finding.toString()));
    }

    private int tell(Console console, Chaos.Result result, List<Event> events) throws IOException {
        Report report = result.report();
        show(console, report);
        result.withoutEffect().forEach(kind -> console.note("without effect: " + kind + ": it proves nothing"));
        result.broken().forEach(broken -> console.note("a client broke: " + broken));
        result.defects().stream().limit(FINDINGS).forEach(defect -> console.note("a process failed: " + defect));
        Path kept = file;
        if (kept == null && !result.isFaultless()) {
            kept = Files.createTempFile("trapline-chaos-" + seed + "-", ".jsonl");
        }
        if (kept != null) {
            HistoryFile.write(kept, events);
            console.note("history: " + kept + "; again: ./trapline chaos --check " + kept);
        }
        console.result(
                result.faults() + " faults, " + new Count(report.operations()) + " operations, "
                        + new Count(report.unknown()) + " unknown: " + verdict(violations(result)),
                summary(result, events));
        return result.isFaultless() ? ExitCode.DONE : ExitCode.CHECK_FAILED;
    }

    private Json summary(Chaos.Result result, List<Event> events) {
        Report report = result.report();
        return Json.object()
                .put("seed", seed)
                .put("faults", result.faults())
                .put("operations", report.operations())
                .put("violations", violations(result))
                .put("unknown", report.unknown())
                .put(
                        "effects",
                        Json.object()
                                .put("leader_changes", result.effects().leaderChanges())
                                .put("promotions", result.effects().promotions())
                                .put("lease_expiries", result.effects().leaseExpiries())
                                .put("resent", result.resent())
                                .put("redelivered", report.redelivered()))
                .put("without_effect", List.copyOf(result.withoutEffect()))
                .put("accesses_stalled_ms", Math.round(Measures.stalledMillis(events)))
                .put(
                        "failover_ms",
                        Json.object()
                                .put("coordinator", failover(Measures.coordinator(events)))
                                .put("shard", failover(Measures.shard(events))));
    }

    /** Null where nothing failed over. */
    private static Json failover(Optional<Measures.Failover> times) {
        return Json.object()
                .put("p50", times.map(Measures.Failover::p50).map(Math::round).orElse(null))
                .put("max", times.map(Measures.Failover::max).map(Math::round).orElse(null));
    }
}
