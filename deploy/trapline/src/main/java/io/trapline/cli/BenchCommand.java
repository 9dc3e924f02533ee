package io.trapline.cli;

import io.trapline.bench.ForwardBench;
import io.trapline.cli.text.Console;
import io.trapline.cli.text.Json;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code bench}: figures, each as a ratio to a peer in the same run. */
@Command(
        name = "bench",
        description = "Measure, against a peer in the same run where there is one, since machines differ and drift.",
        subcommands = {
            BenchCommand.Forward.class,
            BenchFailoverCommand.class,
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

    static void check(String option, int value, int least, int most) throws BadInput {
        if (value < least || value > most) {
            throw new BadInput(option + " is " + value + ", not " + least + " … " + most);
        }
    }
}
