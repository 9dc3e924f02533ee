package io.trapline.cli;

import io.trapline.cli.text.Console;
import io.trapline.cli.text.Json;
import io.trapline.embedded.EmbeddedCluster;
import io.trapline.embedded.TemporaryDirectory;
import io.trapline.process.HealthReport;
import io.trapline.process.Supervisor;
import io.trapline.server.ListenAddress;
import io.trapline.server.StartException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code up}: a cluster on this machine until it is stopped, in this process or in several. */
@Command(
        name = "up",
        description = {
            "Run a whole cluster on this machine until Ctrl-C or SIGTERM: a coordinator and a node in this process, or, with"
                    + " --coordinators or --nodes, each in a process of its own on 127.0.0.2 and up.",
            "Prints 'ready: ADDRESS[,ADDRESS]' when it serves. What was acknowledged is in the data directory and survives a crash;"
                    + " the contents of domains do not: those are CRASHED after a restart.",
            "Separate processes print a line whenever what one of them does changes; one that dies stays dead unless --restart is"
                    + " given. A coordinator's heap is at most 192 MiB, a node's 256 MiB; their logs are in DIR/log."
        },
        footer = {"", "Example:", "  trapline up --coordinators 3 --nodes 3 --data /var/lib/trapline"})
final class UpCommand implements Callable<Integer> {
    private static final int MAX_NODES = 64;

    @ParentCommand
    private TraplineCommand trapline;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Where the registry is kept; made where it is missing. Default: a temporary one.")
    private @Nullable Path data;

    @Option(
            names = "--listen",
            defaultValue = "127.0.0.1:7420",
            paramLabel = "HOST:PORT",
            description = "Where to listen, or the first node, port 0 = any (default: ${DEFAULT-VALUE}).")
    private String listen = ListenAddress.DEFAULT.toString();

    @Option(
            names = "--insecure",
            description = "Allow another address than loopback, without TLS. Whoever reaches it may do everything.")
    private boolean insecure;

    @Option(
            names = "--metrics",
            paramLabel = "HOST:PORT",
            description = "One process: where it serves /metrics for Prometheus, port 0 = any (default: nowhere).")
    private @Nullable String metrics;

    @Option(
            names = "--health",
            paramLabel = "HOST:PORT",
            defaultValue = "${env:TRAPLINE_HEALTH}",
            description =
                    "Where it says whether it is ready and alive, by grpc.health.v1: once all of the cluster is (default: TRAPLINE_HEALTH, or nowhere).")
    private @Nullable String health;

    @Option(
            names = "--coordinators",
            paramLabel = "N",
            description = "Separate processes: how many coordinators, 1, 3 or 5 (default: 1).")
    private @Nullable Integer coordinators;

    @Option(
            names = "--nodes",
            paramLabel = "N",
            description = "Separate processes: how many nodes, 1 … 64 (default: 1).")
    private @Nullable Integer nodes;

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            converter = SizeConverter.class,
            description =
                    "Separate processes: how much guest memory each node may hold, such as 4GiB; allocated when first written (default: half of the machine's, in equal parts).")
    private @Nullable Long memory;

    @Option(names = "--restart", description = "Separate processes: start one that dies again.")
    private boolean restart;

    @Override
    public Integer call() throws BadInput, StartException, InterruptedException {
        if (data != null && data.toString().isEmpty()) {
            throw new BadInput("--data is empty");
        }
        // Whoever asks it to end while it starts is heard once it has.
        trapline.interrupt().arm(() -> {});
        if (coordinators == null && nodes == null) {
            if (restart) {
                throw new BadInput("--restart is for separate processes: --coordinators, --nodes");
            }
            if (memory != null) {
                throw new BadInput("--memory is for separate processes: --coordinators, --nodes");
            }
            runHere();
        } else {
            runSeparately(coordinators == null ? 1 : coordinators, nodes == null ? 1 : nodes);
        }
        trapline.console().record(Json.object().put("stopped", true));
        return ExitCode.DONE;
    }

    private void runHere() throws BadInput, StartException, InterruptedException {
        Optional<ListenAddress> scraped =
                metrics == null ? Optional.empty() : Optional.of(address("--metrics", metrics));
        try (HealthReport report = HealthReport.start(healthAddress());
                EmbeddedCluster cluster =
                        EmbeddedCluster.start(Optional.ofNullable(data), address(), insecure, true, scraped)) {
            cluster.metrics().ifPresent(where -> trapline.console().note("metrics: http://" + where + "/metrics"));
            report.ready(true);
            ready(cluster.address().toString());
            report.ready(false);
        }
    }

    private void runSeparately(int coordinatorCount, int nodeCount)
            throws BadInput, StartException, InterruptedException {
        if (coordinatorCount != 1 && coordinatorCount != 3 && coordinatorCount != 5) {
            throw new BadInput("--coordinators is " + coordinatorCount + ", not 1, 3 or 5");
        }
        if (nodeCount < 1 || nodeCount > MAX_NODES) {
            throw new BadInput("--nodes is " + nodeCount + ", not 1 … " + MAX_NODES);
        }
        if (insecure) {
            throw new BadInput("--insecure is for one process; separate ones are on loopback");
        }
        if (metrics != null) {
            throw new BadInput("--metrics is for one process; separate ones have one each: 'coordinator', 'node'");
        }
        if (data != null) {
            supervise(coordinatorCount, nodeCount, data);
            return;
        }
        try (TemporaryDirectory temporary = TemporaryDirectory.create(false)) {
            supervise(coordinatorCount, nodeCount, temporary.path());
        }
    }

    private void supervise(int coordinatorCount, int nodeCount, Path folder)
            throws BadInput, StartException, InterruptedException {
        Supervisor.Plan plan = new Supervisor.Plan(
                coordinatorCount, nodeCount, folder, address(), restart, TraplineCommand.class.getName());
        try (HealthReport report = HealthReport.start(healthAddress());
                Supervisor supervisor =
                        Supervisor.start(memory == null ? plan : plan.withNodeMemory(memory), this::say)) {
            report.ready(true);
            ready(supervisor.addresses());
            report.ready(false);
        }
    }

    private void ready(String addresses) throws InterruptedException {
        trapline.console().line("ready: " + addresses);
        trapline.console().record(Json.object().put("ready", addresses));
        trapline.interrupt().await();
    }

    private void say(Supervisor.Change change) {
        Console console = trapline.console();
        console.line(String.format(
                "%-3s %-11s %-15s pid %-7d %s",
                change.id(),
                change.role(),
                change.address(),
                change.pid(),
                change.state().text()));
        console.record(Json.object()
                .put("id", change.id())
                .put("role", change.role())
                .put("address", change.address())
                .put("pid", change.pid())
                .put("state", change.state().text()));
    }

    private Optional<ListenAddress> healthAddress() throws BadInput {
        return health == null ? Optional.empty() : Optional.of(address("--health", health));
    }

    private ListenAddress address() throws BadInput {
        return address("--listen", listen);
    }

    private static ListenAddress address(String flag, String text) throws BadInput {
        try {
            return ListenAddress.parse(text);
        } catch (IllegalArgumentException malformed) {
            throw new BadInput(flag + ": " + malformed.getMessage());
        }
    }
}
