package io.trapline.cli;

import io.trapline.bench.ForwardBench;
import io.trapline.cli.failover.FailoverBench;
import io.trapline.cli.text.Console;
import io.trapline.cli.text.Json;
import io.trapline.embedded.TemporaryDirectory;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code bench}: figures, each as a ratio to a peer in the same run. */
@Command(
        name = "bench",
        description = "Measure, against a peer in the same run where there is one, since machines differ and drift.",
        subcommands = {
            BenchCommand.Forward.class,
            BenchCommand.Failover.class,
            BenchDomainsCommand.class,
            BenchStartCommand.class
        },
        footer = {"", "Example:", "  trapline bench forward"})
final class BenchCommand extends Group {
    /** {@code bench forward}. */
    @Command(
            name = "forward",
            description = {
                "Forwarded accesses per second through guest, node and emulator in three JVMs, against guest, relay and echo in three JVMs placed"
                        + " alike, where the relay parses and re-serialises each message and does nothing else.",
                "Rounds of both alternate; ratio_to_bare is the median of their ratios."
            },
            footer = {"", "Example:", "  trapline bench forward --rounds 7 --rows 256"})
    static final class Forward implements Callable<Integer> {
        @ParentCommand
        private BenchCommand bench;

        @Option(
                names = "--rounds",
                defaultValue = "7",
                paramLabel = "N",
                description = "Rounds that count, 1 … 1000 (default: ${DEFAULT-VALUE}).")
        private int rounds;

        @Option(
                names = "--round",
                defaultValue = "2s",
                paramLabel = "DURATION",
                description = "How long each side of a round lasts (default: ${DEFAULT-VALUE}).")
        private Duration round;

        @Option(
                names = "--rows",
                defaultValue = "256",
                paramLabel = "N",
                description = "Accesses in a batch, 1 … 1024 (default: ${DEFAULT-VALUE}).")
        private int rows;

        @Option(
                names = "--vcpus",
                defaultValue = "4",
                paramLabel = "N",
                description = "vCPUs of the guest, 1 … 64 (default: ${DEFAULT-VALUE}).")
        private int vcpus;

        @Option(
                names = "--window",
                defaultValue = "1024",
                paramLabel = "N",
                description =
                        "Outstanding accesses of a vCPU, at least --rows, at most 1024 (default: ${DEFAULT-VALUE}).")
        private int window;

        @Override
        public Integer call() throws Exception {
            check("--rounds", rounds, 1, 1000);
            check("--rows", rows, 1, 1024);
            check("--vcpus", vcpus, 1, 64);
            check("--window", window, rows, 1024);
            if (round.toMillis() < 1) {
                throw new BadInput("--round is " + round.toMillis() + " ms, not at least 1");
            }
            Console console = bench.console();
            ForwardBench.Settings settings = new ForwardBench.Settings(
                    new ForwardBench.Cluster(TraplineCommand.class.getName(), List.of("up", "--listen", "127.0.0.1:0")),
                    rounds,
                    round.toMillis(),
                    rows,
                    vcpus,
                    window);
            tell(console, ForwardBench.run(settings, console::note));
            return ExitCode.DONE;
        }

        private void tell(Console console, ForwardBench.Result result) {
            double[] forwarded = result.accessesPerSecond();
            double[] bare = result.barePerSecond();
            double[] ratio = result.ratio();
            console.result(
                    String.format(
                            Locale.ROOT,
                            "%,.0f accesses/s, bare gRPC %,.0f accesses/s, ratio %.3f (%.3f … %.3f) in %d rounds",
                            forwarded[1],
                            bare[1],
                            ratio[1],
                            ratio[0],
                            ratio[2],
                            result.rounds().size()),
                    Json.object()
                            .put("accesses_per_second", forwarded[1])
                            .put("accesses_per_second_min", forwarded[0])
                            .put("accesses_per_second_max", forwarded[2])
                            .put("bare_accesses_per_second", bare[1])
                            .put("bare_accesses_per_second_min", bare[0])
                            .put("bare_accesses_per_second_max", bare[2])
                            .put("ratio_to_bare", ratio[1])
                            .put("ratio_to_bare_min", ratio[0])
                            .put("ratio_to_bare_max", ratio[2])
                            .put("rounds", result.rounds().size())
                            .put("rows", rows)
                            .put("vcpus", vcpus)
                            .put("window", window));
        }
    }

    /** {@code bench failover}. */
    @Command(
            name = "failover",
            description = {
                "Kills the leading coordinator of 3 (kill -9), with 2 nodes in JVMs of their own, again and again: from each kill to the next claim"
                        + " that is granted, and what a guest sees that uses no library.",
                "At most 3 of 30 kills may show a guest an UNAVAILABLE; more is exit 1, in proportion."
            },
            footer = {"", "Example:", "  trapline bench failover --kills 30"})
    static final class Failover implements Callable<Integer> {
        private static final int ALLOWED_OF_30 = 3;

        @ParentCommand
        private BenchCommand bench;

        @Option(
                names = "--kills",
                defaultValue = "30",
                paramLabel = "N",
                description = "How many, 1 … 1000 (default: ${DEFAULT-VALUE}).")
        private int kills;

        @Override
        public Integer call() throws Exception {
            check("--kills", kills, 1, 1000);
            Console console = bench.console();
            List<FailoverBench.Kill> done;
            try (TemporaryDirectory data = TemporaryDirectory.create(true)) {
                done = FailoverBench.run(kills, data.path(), TraplineCommand.class.getName(), console::note);
            }
            long shown =
                    done.stream().filter(kill -> kill.guestUnavailable() > 0).count();
            long[] failover = sorted(done, FailoverBench.Kill::failover);
            long[] stall = sorted(done, FailoverBench.Kill::guestStall);
            boolean passed = shown * 30 <= (long) ALLOWED_OF_30 * kills;
            console.result(
                    String.format(
                            Locale.ROOT,
                            "%d kills, %d showed the guest an UNAVAILABLE; next claim after %d ms (p50), %d ms (max); longest access %d ms",
                            kills,
                            shown,
                            failover[failover.length / 2],
                            failover[failover.length - 1],
                            stall[stall.length - 1]),
                    Json.object()
                            .put("kills", kills)
                            .put("guest_unavailable", shown)
                            .put("failover_ms", percentiles(failover))
                            .put("accesses_stalled_ms", percentiles(stall))
                            .put("passed", passed));
            return passed ? ExitCode.DONE : ExitCode.CHECK_FAILED;
        }

        private static long[] sorted(List<FailoverBench.Kill> done, Function<FailoverBench.Kill, Duration> what) {
            return done.stream()
                    .mapToLong(kill -> what.apply(kill).toMillis())
                    .sorted()
                    .toArray();
        }

        private static Json percentiles(long[] sorted) {
            return Json.object().put("p50", sorted[sorted.length / 2]).put("max", sorted[sorted.length - 1]);
        }
    }

    static void check(String option, int value, int least, int most) throws BadInput {
        if (value < least || value > most) {
            throw new BadInput(option + " is " + value + ", not " + least + " … " + most);
        }
    }
}
