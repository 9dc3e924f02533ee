package io.trapline.cli;

import io.trapline.cli.text.Console;
import io.trapline.cli.text.Json;
import io.trapline.cli.text.Table;
import io.trapline.client.DomainRef;
import io.trapline.client.Guest;
import io.trapline.client.TraplineConnection;
import io.trapline.model.Gpa;
import io.trapline.v1.DomainMemory;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code bench start}: how long a cluster in one process takes from its start to the first answered access. */
@Command(
        name = "start",
        description = {
            "Start 'up' of a distribution with its AOT cache and without, in turn, and time each from its start to the first answered access"
                    + " of a guest that waits for it.",
            "The first pair is not counted: it brings the files into memory."
        },
        footer = {"", "Example:", "  trapline bench start --pairs 10"})
final class BenchStartCommand implements Callable<Integer> {
    private static final String PROGRAM_VARIABLE = "TRAPLINE_PROGRAM";
    private static final String CACHE_VARIABLE = "TRAPLINE_START_CACHE";
    private static final String READY = "ready: ";
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final double NANOS_PER_SECOND = 1e9;

    @ParentCommand
    private BenchCommand bench;

    @Option(
            names = "--pairs",
            defaultValue = "10",
            paramLabel = "N",
            description = "How many starts of each, 1 … 1000 (default: ${DEFAULT-VALUE}).")
    private int pairs;

    @Option(
            names = "--program",
            paramLabel = "FILE",
            description = "bin/trapline of a distribution (default: the one that this is).")
    private @Nullable Path program;

    @Override
    public Integer call() throws BadInput, IOException, InterruptedException {
        BenchCommand.check("--pairs", pairs, 1, 1_000);
        Path started = program();
        List<Start> cached = new ArrayList<>();
        List<Start> plain = new ArrayList<>();
        for (int pair = 0; pair <= pairs; pair++) {
            Start with = start(started, true);
            Start without = start(started, false);
            if (pair > 0) {
                cached.add(with);
                plain.add(without);
            }
        }
        Console console = bench.trapline().console();
        Table table = new Table("start", "min s", "median s", "max s", "processor s");
        row(table, "with the cache", cached);
        row(table, "without", plain);
        console.table(table, "");
        console.record(Json.object()
                .put("pairs", pairs)
                .put("cached_median_seconds", median(cached, Start::seconds))
                .put("plain_median_seconds", median(plain, Start::seconds))
                .put("cached_processor_seconds", median(cached, Start::processorSeconds))
                .put("plain_processor_seconds", median(plain, Start::processorSeconds)));
        return ExitCode.DONE;
    }

    /**
     * One start.
     *
     * @param seconds until the access was answered
     * @param processorSeconds of its process until then: what else the machine does changes it little
     */
    private record Start(double seconds, double processorSeconds) {}

    private Path program() throws BadInput {
        String variable = System.getenv(PROGRAM_VARIABLE);
        Path named = program == null && variable != null ? Path.of(variable) : program;
        if (named == null) {
            throw new BadInput("--program is missing: this is not run from a distribution");
        }
        if (!Files.isExecutable(named)) {
            throw new BadInput("--program: " + named + " is no program");
        }
        return named;
    }

    private static Start start(Path program, boolean isCached) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(program.toString(), "up", "--listen", "127.0.0.1:0");
        builder.redirectError(Redirect.INHERIT);
        builder.environment().remove(CACHE_VARIABLE);
        if (!isCached) {
            builder.environment().put(CACHE_VARIABLE, "off");
        }
        long startNanos = System.nanoTime();
        Process process = builder.start();
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            String line = lines.readLine();
            if (line == null || !line.startsWith(READY)) {
                throw new IOException(program + " up said '" + line + "', not where it is ready");
            }
            try (TraplineConnection connection = TraplineConnection.builder()
                    .addresses(line.substring(READY.length()))
                    .timeout(PATIENCE)
                    .build()) {
                DomainRef domain = access(connection);
                double seconds = (System.nanoTime() - startNanos) / NANOS_PER_SECOND;
                double processor =
                        process.info().totalCpuDuration().orElse(Duration.ZERO).toNanos() / NANOS_PER_SECOND;
                // Else the cluster would say, as it ends, that a domain has lost its memory.
                connection.domains().destroy(domain);
                return new Start(seconds, processor);
            }
        } finally {
            process.destroy();
            process.waitFor();
        }
    }

    private static DomainRef access(TraplineConnection connection) {
        DomainRef domain = DomainRef.of(connection.domains().create(16, 1, DomainMemory.DOMAIN_MEMORY_VOLATILE));
        try (Guest guest = connection.guest(domain)) {
            guest.openVcpu(0, 1).write(new Gpa(0x1000), 8, 1);
        }
        return domain;
    }

    private static void row(Table table, String name, List<Start> starts) {
        List<Double> seconds = starts.stream().map(Start::seconds).sorted().toList();
        table.row(
                name,
                text(seconds.getFirst()),
                text(median(starts, Start::seconds)),
                text(seconds.getLast()),
                text(median(starts, Start::processorSeconds)));
    }

    private static double median(List<Start> starts, ToDoubleFunction<Start> figure) {
        return starts.stream()
                .mapToDouble(figure)
                .sorted()
                .skip(starts.size() / 2)
                .findFirst()
                .orElseThrow();
    }

    private static String text(double seconds) {
        return String.format(Locale.ROOT, "%.2f", seconds);
    }
}
