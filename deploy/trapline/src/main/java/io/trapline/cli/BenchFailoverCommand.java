package io.trapline.cli;

import io.trapline.cli.failover.FailoverBench;
import io.trapline.cli.failover.NodeKills;
import io.trapline.cli.text.Console;
import io.trapline.cli.text.Json;
import io.trapline.embedded.TemporaryDirectory;
import io.trapline.server.StartException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code bench failover}. */
@Command(
        name = "failover",
        description = {
            "Kills processes of a cluster of its own (kill -9), 3 coordinators with nodes in JVMs of their own, again and again.",
            "leader: the leading coordinator. From each kill to the next claim that is granted, and what a guest sees that uses no library."
                    + " At most 3 of 30 kills may show it an UNAVAILABLE; more is exit 1, in proportion.",
            "primary, emulator: the node that decides a REPLICATED domain's shard, or the one where its emulator is attached. failover_ms is the"
                    + " longest that an access of a guest took, to memory or to the device. Exit 1 where one took longer than 1500 ms, where something"
                    + " acknowledged is lost, or where the claim is not what it was."
        },
        footer = {"", "Example:", "  trapline bench failover --victim primary --kills 30"})
final class BenchFailoverCommand implements Callable<Integer> {
    private static final int ALLOWED_OF_30 = 3;
    private static final Duration ALLOWED_STALL = Duration.ofMillis(1_500);

    @ParentCommand
    private BenchCommand bench;

    @Option(
            names = "--kills",
            defaultValue = "30",
            paramLabel = "N",
            description = "How many, 1 … 1000 (default: ${DEFAULT-VALUE}).")
    private int kills;

    @Option(
            names = "--victim",
            defaultValue = "leader",
            paramLabel = "WHO",
            description = "Who is killed: leader, primary or emulator (default: ${DEFAULT-VALUE}).")
    private Victim victim = Victim.LEADER;

    /** Who is killed, as an option says it. */
    enum Victim {
        LEADER,
        PRIMARY,
        EMULATOR
    }

    @Override
    public Integer call() throws BadInput, IOException, InterruptedException, StartException {
        BenchCommand.check("--kills", kills, 1, 1000);
        Console console = bench.console();
        boolean passed;
        try (TemporaryDirectory data = TemporaryDirectory.create(true)) {
            passed = switch (victim) {
                case LEADER -> leader(console, data.path());
                case PRIMARY -> node(console, data.path(), NodeKills.Victim.PRIMARY);
                case EMULATOR -> node(console, data.path(), NodeKills.Victim.EMULATOR);
            };
        }
        return passed ? ExitCode.DONE : ExitCode.CHECK_FAILED;
    }

    private boolean leader(Console console, Path data) throws StartException, InterruptedException {
        List<FailoverBench.Kill> done = FailoverBench.run(kills, data, TraplineCommand.class.getName(), console::note);
        long shown = done.stream().filter(kill -> kill.guestUnavailable() > 0).count();
        long[] failover = sorted(done.stream().map(FailoverBench.Kill::failover));
        long[] stall = sorted(done.stream().map(FailoverBench.Kill::guestStall));
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
        return passed;
    }

    private boolean node(Console console, Path data, NodeKills.Victim whose)
            throws StartException, InterruptedException {
        List<NodeKills.Kill> done = NodeKills.run(kills, whose, data, TraplineCommand.class.getName(), console::note);
        long[] stall = sorted(done.stream().map(NodeKills.Kill::stall));
        long late = done.stream()
                .filter(kill -> kill.stall().compareTo(ALLOWED_STALL) > 0)
                .count();
        long broken = done.stream().mapToLong(kill -> kill.broken().size()).sum();
        boolean passed = late == 0 && broken == 0;
        console.result(
                String.format(
                        Locale.ROOT,
                        "%d kills, the guest goes on after %d ms (p50), %d ms (max), %d times later than %d ms; %d promises broken",
                        kills,
                        stall[stall.length / 2],
                        stall[stall.length - 1],
                        late,
                        ALLOWED_STALL.toMillis(),
                        broken),
                Json.object()
                        .put("kills", kills)
                        .put("failover_ms", percentiles(stall))
                        .put("late", late)
                        .put("broken", broken)
                        .put("passed", passed));
        return passed;
    }

    private static long[] sorted(Stream<Duration> times) {
        return times.mapToLong(Duration::toMillis).sorted().toArray();
    }

    private static Json percentiles(long[] sorted) {
        return Json.object().put("p50", sorted[sorted.length / 2]).put("max", sorted[sorted.length - 1]);
    }
}
