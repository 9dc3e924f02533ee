package io.trapline.cli;

import io.trapline.bench.DomainsBench;
import io.trapline.bench.ForwardBench;
import io.trapline.cli.text.Console;
import io.trapline.cli.text.Json;
import io.trapline.embedded.TemporaryDirectory;
import io.trapline.server.StartException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code bench domains}: what domains cost that nobody accesses. */
@Command(
        name = "domains",
        description = {
            "Make domains, each with an enabled server and a claim, in a cluster of its own; then measure heap, processor time and disk while"
                    + " nobody accesses them, kill the cluster and time its restart.",
            "heap_bytes_per_domain is of all its processes together, after a full collection, against the same processes with 200 domains.",
            "With --connect they are made in that cluster, where they stay, and only the time for that is measured."
        },
        footer = {"", "Example:", "  trapline bench domains --domains 10000 --coordinators 3 --nodes 3"})
final class BenchDomainsCommand implements Callable<Integer> {
    @ParentCommand
    private BenchCommand bench;

    @Option(
            names = "--domains",
            defaultValue = "10000",
            paramLabel = "N",
            description = "How many, 1 … 30000 (default: ${DEFAULT-VALUE}).")
    private int domains;

    @Option(
            names = "--callers",
            defaultValue = "256",
            paramLabel = "N",
            description = "How many make them at the same time, 1 … 10000 (default: ${DEFAULT-VALUE}).")
    private int callers;

    @Option(
            names = "--idle",
            defaultValue = "10s",
            paramLabel = "DURATION",
            description = "How long the processor time of idle domains is watched (default: ${DEFAULT-VALUE}).")
    private Duration idle;

    @Option(
            names = "--coordinators",
            paramLabel = "N",
            description = "Separate processes, as of up: how many coordinators. Default: one process is all.")
    private @Nullable Integer coordinators;

    @Option(names = "--nodes", paramLabel = "N", description = "Separate processes, as of up: how many nodes.")
    private @Nullable Integer nodes;

    @Override
    public Integer call() throws BadInput, IOException, InterruptedException, StartException {
        BenchCommand.check("--domains", domains, 1, 30_000);
        BenchCommand.check("--callers", callers, 1, 10_000);
        if (idle.toMillis() < 1) {
            throw new BadInput("--idle is " + idle.toMillis() + " ms, not at least 1");
        }
        Console console = bench.console();
        String running = bench.trapline().connect();
        if (running != null) {
            double seconds = DomainsBench.make(running, domains, callers);
            console.result(
                    String.format(Locale.ROOT, "%,d domains in %.1f s", domains, seconds),
                    Json.object()
                            .put("domains", domains)
                            .put("callers", callers)
                            .put("create_seconds", seconds));
            return ExitCode.DONE;
        }
        try (TemporaryDirectory folder = TemporaryDirectory.create(true)) {
            ForwardBench.Cluster cluster = new ForwardBench.Cluster(TraplineCommand.class.getName(), up());
            DomainsBench.Settings settings = new DomainsBench.Settings(cluster, folder.path(), domains, callers, idle);
            tell(console, DomainsBench.run(settings, console::note));
        }
        return ExitCode.DONE;
    }

    private List<String> up() {
        List<String> arguments = new ArrayList<>(List.of("up", "--listen", "127.0.0.1:0"));
        if (coordinators != null) {
            arguments.addAll(List.of("--coordinators", coordinators.toString()));
        }
        if (nodes != null) {
            arguments.addAll(List.of("--nodes", nodes.toString()));
        }
        return arguments;
    }

    private void tell(Console console, DomainsBench.Result result) {
        console.result(
                String.format(
                        Locale.ROOT,
                        "%,d domains in %.1f s, %,.0f bytes of heap each; idle %.3f of a processor (%.3f with few); ready %.1f s after a kill (%.1f s empty)",
                        domains,
                        result.createSeconds(),
                        result.heapBytesPerDomain(),
                        result.idleCpu(),
                        result.idleCpuBefore(),
                        result.readySeconds(),
                        result.emptyReadySeconds()),
                Json.object()
                        .put("domains", domains)
                        .put("callers", callers)
                        .put("create_seconds", result.createSeconds())
                        .put("heap_bytes_per_domain", result.heapBytesPerDomain())
                        .put("idle_cpu", result.idleCpu())
                        .put("idle_cpu_with_few", result.idleCpuBefore())
                        .put("log_bytes", result.logBytes())
                        .put("snapshot_bytes", result.snapshotBytes())
                        .put("ready_seconds_empty", result.emptyReadySeconds())
                        .put("ready_seconds_after_kill", result.readySeconds())
                        .put("claim_seconds_after_kill", result.claimSeconds()));
    }
}
