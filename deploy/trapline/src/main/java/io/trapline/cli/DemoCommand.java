package io.trapline.cli;

import io.trapline.cli.demo.Demo;
import io.trapline.cli.demo.DemoFigures;
import io.trapline.cli.demo.DemoOptions;
import io.trapline.cli.drill.CuttableTransport;
import io.trapline.cli.text.Console;
import io.trapline.cli.text.Count;
import io.trapline.cli.text.Json;
import io.trapline.cli.text.Table;
import io.trapline.client.TraplineConnection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code demo}: the story of a mediated GPU, told and checked. */
@Command(
        name = "demo",
        description = {
            "A guest fills its graphics tables, a mediator that claimed them sees every write, loses its connection in the middle, resumes"
                    + " and lets go. Every step is checked.",
            "Runs on a cluster of its own in this process unless --connect is given."
        },
        footer = {"", "Example:", "  trapline demo --json"})
final class DemoCommand implements Callable<Integer> {
    @ParentCommand
    private TraplineCommand trapline;

    @Option(
            names = "--accesses",
            defaultValue = "1048576",
            paramLabel = "N",
            description = "Entries written under the claim (default: ${DEFAULT-VALUE}).")
    private long accesses;

    @Option(
            names = "--vcpus",
            defaultValue = "4",
            paramLabel = "N",
            description = "1 … 64 (default: ${DEFAULT-VALUE}).")
    private int vcpus;

    @Option(
            names = "--gtt-pages",
            defaultValue = "2048",
            paramLabel = "N",
            description = "Pages of the table, up to 8192 (default: ${DEFAULT-VALUE}).")
    private int gttPages;

    @Option(
            names = "--window",
            defaultValue = "256",
            paramLabel = "N",
            description = "How many accesses of a vCPU may be outstanding, 1 … 1024 (default: ${DEFAULT-VALUE}).")
    private int window;

    @Option(
            names = "--seed",
            defaultValue = "1",
            paramLabel = "N",
            description = "Of what is written where (default: 1).")
    private long seed;

    @Override
    public Integer call() throws Exception {
        DemoOptions options = options();
        try (Venue venue = Venue.open(trapline);
                CuttableTransport transport = new CuttableTransport();
                TraplineConnection operator = venue.connect("operator");
                TraplineConnection mediator =
                        venue.builder("gpu-mediator").channels(transport::open).build();
                TraplineConnection rival = venue.connect("register-device");
                TraplineConnection guest = venue.connect("guest")) {
            return tell(
                    Demo.run(options, new Demo.Cast(operator, mediator, transport, rival, guest), trapline.console()));
        }
    }

    private DemoOptions options() throws BadInput {
        try {
            return new DemoOptions(accesses, vcpus, gttPages, window, seed);
        } catch (IllegalArgumentException outOfRange) {
            throw new BadInput(String.valueOf(outOfRange.getMessage()));
        }
    }

    private int tell(Demo.Outcome outcome) {
        Console console = trapline.console();
        DemoFigures figures = outcome.figures();
        boolean passed = outcome.failures().isEmpty()
                && figures.unforwarded() == 0
                && figures.mismatches() == 0
                && figures.duplicates() == 0;
        Json summary = figures.json()
                .put("checks_passed", outcome.passed())
                .put("checks_failed", outcome.failures())
                .put("passed", passed);
        if (!console.isJson()) {
            console.line("");
            console.table(table(figures.json()), "");
            console.line("");
        }
        String verdict = passed
                ? "all " + outcome.passed() + " checks passed"
                : outcome.failures().size() + " checks FAILED: " + String.join("; ", outcome.failures());
        console.result(verdict, summary);
        return passed ? ExitCode.DONE : ExitCode.CHECK_FAILED;
    }

    private static Table table(Json figures) {
        Table table = new Table("measured", "value");
        Map<String, String> shown = new LinkedHashMap<>();
        shown.put("forwarded", "accesses passed to emulators");
        shown.put("unforwarded", "accesses that a claim missed");
        shown.put("second_claim", "a second claim of the type");
        shown.put("mismatches", "entries or values that differ");
        shown.put("redelivered", "requests passed again after the cut");
        shown.put("duplicates", "requests carried out twice");
        shown.put("accesses_per_second", "accesses per second");
        shown.put("latency_us", "µs of a write under load");
        shown.put("latency_alone_us", "µs of a write by itself");
        shown.forEach((name, text) -> table.row(text, text(figures.get(name))));
        return table;
    }

    private static String text(@Nullable Object value) {
        return switch (value) {
            case Json latency -> "p50 " + latency.get("p50") + ", p99 " + latency.get("p99");
            case Long count -> new Count(count).toString();
            case Double rate -> new Count(Math.round(rate)).toString();
            case null, default -> String.valueOf(value);
        };
    }
}
