package io.trapline.cli;

import io.grpc.ManagedChannelBuilder;
import io.trapline.cli.text.Console;
import io.trapline.client.TraplineConnection;
import io.trapline.process.CoordinatorSettings;
import io.trapline.process.Key;
import io.trapline.process.NodeSettings;
import io.trapline.server.ListenAddress;
import io.trapline.server.NameLookups;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command line: parses, runs one command, says what came of it, and leaves with its {@link ExitCode}. */
@Command(
        name = "trapline",
        scope = ScopeType.INHERIT,
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        usageHelpAutoWidth = true,
        synopsisSubcommandLabel = "COMMAND",
        description = "Forwards a guest's accesses to typed pages to device emulators, wherever they run.",
        footer = {
            "",
            "Exit codes: 0 done, 1 a check failed, 2 usage, 3 refused (the errno is printed), 4 unreachable.",
            "Durations are written 250ms, 40s, 5m. Addresses, frames and values are decimal or hex with 0x.",
            "",
            "Example:",
            "  trapline demo"
        })
public final class TraplineCommand implements Callable<Integer> {
    @Option(
            names = "--connect",
            scope = ScopeType.INHERIT,
            paramLabel = "HOST:PORT[,…]",
            description = "Where the cluster is; several addresses are tried in turn.")
    private @Nullable String connect;

    @Option(
            names = "--principal",
            scope = ScopeType.INHERIT,
            paramLabel = "NAME",
            description = "Who calls: only a server's creator may use it. anonymous where not given.")
    private @Nullable String principal;

    @Option(
            names = "--patience",
            scope = ScopeType.INHERIT,
            paramLabel = "DURATION",
            defaultValue = "5s",
            description = "How long a call is tried before it is given up (default: ${DEFAULT-VALUE}).")
    private Duration patience = Duration.ofSeconds(5);

    @Option(
            names = "--json",
            scope = ScopeType.INHERIT,
            description = "JSON lines on stdout, the last is the summary; everything else goes to stderr.")
    private boolean json;

    @Option(names = "--verbose", scope = ScopeType.INHERIT, description = "Show the stack trace of an error.")
    private boolean verbose;

    @Spec
    private CommandSpec spec;

    private final PrintWriter out;
    private final PrintWriter err;
    private final boolean terminal;
    private final Interrupt interrupt;

    TraplineCommand(PrintWriter out, PrintWriter err, boolean terminal, Interrupt interrupt) {
        this.out = out;
        this.err = err;
        this.terminal = terminal;
        this.interrupt = interrupt;
    }

    /** Runs one command and ends the process with its exit code. */
    public static void main(String[] args) {
        NameLookups.areFresh();
        Preparation preparation = Preparation.begin(args);
        PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        Interrupt interrupt = Interrupt.ofProcess();
        StandardOutput stdout = new StandardOutput(new FileOutputStream(FileDescriptor.out), err, interrupt);
        PrintWriter out = new PrintWriter(stdout, false, StandardCharsets.UTF_8);
        CommandLine line = new TraplineCommand(out, err, isTerminal(), interrupt).commandLine(Commands.meantBy(args));
        preparation.await();
        int done = line.execute(args);
        out.flush();
        err.flush();
        int exit = done == ExitCode.DONE && stdout.isLost() ? ExitCode.CHECK_FAILED : done;
        interrupt.finished(exit);
        System.exit(exit);
    }

    /** Runs one command; its exit code. */
    int execute(String... args) {
        return commandLine(Commands.meantBy(args)).execute(args);
    }

    /** With every command. */
    CommandLine commandLine() {
        return commandLine(Commands.all());
    }

    private CommandLine commandLine(Map<String, Class<?>> commands) {
        CommandLine line = new CommandLine(this);
        commands.forEach(line::addSubcommand);
        addSettings(line, "coordinator", CoordinatorSettings.KEYS);
        addSettings(line, "node", NodeSettings.KEYS);
        line.setOut(out);
        line.setErr(err);
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setUnmatchedOptionsArePositionalParams(false);
        line.registerConverter(int.class, new CountConverter.OfInt());
        line.registerConverter(Integer.class, new CountConverter.OfInt());
        line.registerConverter(long.class, new CountConverter.OfLong());
        line.registerConverter(Long.class, new CountConverter.OfLong());
        line.registerConverter(Duration.class, new DurationConverter());
        line.registerConverter(GfnRun.class, new GfnRun.Converter());
        line.setParameterExceptionHandler(
                (wrong, args) -> new ErrorReport(console(args), addresses(), false).usage(wrong));
        line.setExecutionExceptionHandler(
                (failure, command, parsed) -> new ErrorReport(console(), addresses(), verbose).failure(failure));
        return line;
    }

    private static void addSettings(CommandLine line, String command, List<Key> keys) {
        CommandLine process = line.getSubcommands().get(command);
        if (process != null) {
            ProcessOptions.add(process.getCommandSpec(), keys);
        }
    }

    @Override
    public Integer call() {
        return Group.missingCommand(console(), spec);
    }

    /** Where this command prints. */
    Console console() {
        return new Console(out, err, json, terminal);
    }

    /** What ends a command that runs until somebody stops it. */
    Interrupt interrupt() {
        return interrupt;
    }

    /** How long a call is tried before it is given up. */
    Duration patience() {
        return patience;
    }

    /** The addresses that were given; null = none. */
    @Nullable
    String connect() {
        return connect;
    }

    /** A connection to the addresses that were given, or to where {@code up} listens by default, as the principal that was given. */
    TraplineConnection connection() throws BadInput {
        return open(builder(addresses()));
    }

    /** The same over another transport. */
    TraplineConnection connection(Function<String, ManagedChannelBuilder<?>> transport) throws BadInput {
        return open(builder(addresses()).channels(transport));
    }

    /** The addresses to use: those given, or where {@code up} listens by default. */
    String addresses() {
        return connect == null ? ListenAddress.DEFAULT.toString() : connect;
    }

    private TraplineConnection open(TraplineConnection.Builder builder) throws BadInput {
        try {
            return (principal == null ? builder : builder.principal(principal)).build();
        } catch (IllegalArgumentException wrong) {
            throw new BadInput("--principal: " + wrong.getMessage());
        }
    }

    /** A connection to be to those addresses. */
    TraplineConnection.Builder builder(String addresses) throws BadInput {
        if (patience.isZero()) {
            throw new BadInput("--patience is 0, not above it");
        }
        try {
            return TraplineConnection.builder().addresses(addresses).timeout(patience);
        } catch (IllegalArgumentException wrong) {
            throw new BadInput("--connect: " + wrong.getMessage());
        }
    }

    private Console console(String[] args) {
        return new Console(out, err, List.of(args).contains("--json"), terminal);
    }

    /** Whether stderr is a terminal: the JDK can only say so of stdin and stdout together. */
    private static boolean isTerminal() {
        try {
            String target = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
        } catch (IOException | UnsupportedOperationException notLinux) {
            return Objects.requireNonNull(System.console()).isTerminal();
        }
    }
}
