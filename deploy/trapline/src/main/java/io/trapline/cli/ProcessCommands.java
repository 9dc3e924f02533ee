package io.trapline.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.trapline.cli.text.Console;
import io.trapline.cli.text.Json;
import io.trapline.client.TraplineException;
import io.trapline.process.CoordinatorProcess;
import io.trapline.process.CoordinatorSettings;
import io.trapline.process.NodeProcess;
import io.trapline.process.NodeSettings;
import io.trapline.process.ProcessState;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** One process of a cluster: {@code coordinator}, {@code node}. Each prints a line whenever what it does changes, {@code ID: STATE at ADDRESS}. */
final class ProcessCommands {
    private ProcessCommands() {}

    /** What both have in common. */
    abstract static class ProcessCommand implements Callable<Integer> {
        @ParentCommand
        private TraplineCommand trapline;

        @Spec
        private CommandSpec spec;

        @Option(
                names = "--config",
                paramLabel = "FILE",
                description = "'key = value' lines, the keys as below without dashes (or TRAPLINE_CONFIG).")
        private @Nullable Path config;

        final TraplineCommand trapline() {
            return trapline;
        }

        final CommandSpec spec() {
            return spec;
        }

        final @Nullable Path config() {
            return config;
        }

        /** Whoever asks it to end while it starts is heard once it has. */
        final void begin(String level) {
            ((Logger) LoggerFactory.getLogger("io.trapline")).setLevel(Level.toLevel(level));
            trapline.interrupt().arm(() -> {});
            Supervised.watch(trapline.interrupt());
        }

        final Consumer<ProcessState> states(String id, String address) {
            Console console = trapline.console();
            return state -> {
                console.line(id + ": " + state.text() + " at " + address);
                console.record(Json.object()
                        .put("id", id)
                        .put("state", state.text())
                        .put("address", address)
                        .put("pid", ProcessHandle.current().pid()));
            };
        }

        /** Until it is asked to end; throws what ends it before. */
        final int await(CompletionStage<? extends Exception> ends) throws Exception {
            CompletableFuture<Optional<Exception>> end = new CompletableFuture<>();
            trapline.interrupt().arm(() -> end.complete(Optional.empty()));
            var _ = ends.thenAccept(why -> end.complete(Optional.of(why)));
            Optional<Exception> why = end.join();
            if (why.isPresent()) {
                throw why.get();
            }
            return ExitCode.DONE;
        }
    }

    /** {@code coordinator}. */
    @Command(
            name = "coordinator",
            description = {
                "Run one coordinator of a cluster, until Ctrl-C or SIGTERM.",
                "Its data directory is empty once: with --bootstrap, or with --join. A flag wins over the environment"
                        + " (TRAPLINE_ID …), which wins over the file."
            },
            footer = {"", "Example:", "  trapline coordinator --config /etc/trapline/c1.conf"},
            subcommands = {
                BackupCommands.Backup.class,
                BackupCommands.Restore.class,
                CoordinatorCommands.Add.class,
                CoordinatorCommands.Replace.class
            })
    static final class Coordinator extends ProcessCommand {
        @Override
        public Integer call() throws Exception {
            CoordinatorSettings settings =
                    CoordinatorSettings.of(ProcessOptions.sources(spec(), CoordinatorSettings.KEYS, config()));
            begin(settings.log());
            try (CoordinatorProcess process = CoordinatorProcess.start(
                    settings, states(settings.id(), settings.listen().toString()))) {
                return await(process.failed());
            }
        }
    }

    /** {@code node}. */
    @Command(
            name = "node",
            description = {
                "Run one node of a cluster, until Ctrl-C or SIGTERM: it holds guest memory and talks to guests and emulators.",
                "It keeps nothing on disk. A flag wins over the environment (TRAPLINE_ID …), which wins over the file."
            },
            footer = {"", "Example:", "  trapline node --id n1 --coordinators 127.0.0.2:7420,127.0.0.3:7420"},
            subcommands = {NodeCommands.Drain.class, NodeCommands.Undrain.class})
    static final class Node extends ProcessCommand {
        @Override
        public Integer call() throws Exception {
            NodeSettings settings = NodeSettings.of(ProcessOptions.sources(spec(), NodeSettings.KEYS, config()));
            begin(settings.log());
            try (NodeProcess process = NodeProcess.start(settings, address -> states(settings.id(), address))) {
                trapline().interrupt().grace(settings.drainTimeout().plus(Interrupt.GRACE));
                int exit = await(process.over().thenApply(TraplineException::refused));
                SecondSignal.handle(process::leaveAtOnce);
                process.leave();
                return exit;
            }
        }
    }
}
