package io.trapline.cli;

import io.trapline.cli.text.Console;
import io.trapline.cli.text.Json;
import io.trapline.embedded.EmbeddedCluster;
import io.trapline.embedded.ListenAddress;
import io.trapline.embedded.StartException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code up}: a coordinator and a node in this process, until it is stopped. */
@Command(
        name = "up",
        description = {
            "Run a whole cluster in this process, a coordinator and a node, until Ctrl-C or SIGTERM.",
            "Prints 'ready: ADDRESS' when it serves. What was acknowledged is in the data directory and survives a crash;"
                    + " the contents of domains do not: those are CRASHED after a restart."
        },
        footer = {"", "Example:", "  trapline up --data /var/lib/trapline --listen 127.0.0.1:7420"})
final class UpCommand implements Callable<Integer> {
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
            description = "Where to listen, port 0 = any (default: ${DEFAULT-VALUE}).")
    private String listen = ListenAddress.DEFAULT.toString();

    @Option(
            names = "--insecure",
            description = "Allow another address than loopback, without TLS. Whoever reaches it may do everything.")
    private boolean insecure;

    @Override
    public Integer call() throws BadInput, StartException, InterruptedException {
        Console console = trapline.console();
        if (data != null && data.toString().isEmpty()) {
            throw new BadInput("--data is empty");
        }
        // Whoever asks it to end while it starts is heard once it has.
        trapline.interrupt().arm(() -> {});
        try (EmbeddedCluster cluster = EmbeddedCluster.start(Optional.ofNullable(data), address(), insecure, true)) {
            console.line("ready: " + cluster.address());
            console.record(Json.object().put("ready", cluster.address().toString()));
            trapline.interrupt().await();
        }
        console.record(Json.object().put("stopped", true));
        return ExitCode.DONE;
    }

    private ListenAddress address() throws BadInput {
        try {
            return ListenAddress.parse(listen);
        } catch (IllegalArgumentException malformed) {
            throw new BadInput("--listen: " + malformed.getMessage());
        }
    }
}
