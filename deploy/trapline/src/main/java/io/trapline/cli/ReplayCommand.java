package io.trapline.cli;

import io.trapline.cli.replay.Replay;
import io.trapline.cli.replay.ReplayReport;
import io.trapline.cli.text.Console;
import io.trapline.cli.text.Count;
import io.trapline.cli.trace.MalformedLine;
import io.trapline.cli.trace.TraceException;
import io.trapline.cli.trace.TracePlan;
import io.trapline.cli.trace.TraceReader;
import io.trapline.client.TraplineConnection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code replay}: a recorded log of device accesses through a cluster. */
@Command(
        name = "replay",
        description = {
            "Send every access of a recorded log through a cluster to emulators that check what they are passed and answer with what was"
                    + " recorded.",
            "Reads Linux mmiotrace text and QEMU memory_region_ops trace events, plain or gzip; the content says which.",
            "Runs on a cluster of its own in this process unless --connect is given."
        },
        footer = {"", "Example:", "  trapline replay docs/samples/linux-boot.qemu-trace.gz"})
final class ReplayCommand implements Callable<Integer> {
    @ParentCommand
    private TraplineCommand trapline;

    @Parameters(paramLabel = "FILE", description = "The log.")
    private Path file;

    @Option(
            names = "--lenient",
            description = "Count malformed lines and leave them out instead of stopping at the first.")
    private boolean lenient;

    @Option(
            names = "--window",
            defaultValue = "256",
            paramLabel = "N",
            description = "How many accesses of a vCPU may be outstanding, 1 … 1024 (default: ${DEFAULT-VALUE}).")
    private int window;

    @Override
    public Integer call() throws Exception {
        Console console = trapline.console();
        if (window < 1 || window > 1024) {
            throw new BadInput("--window is " + window + ", not 1 … 1024");
        }
        TraceReader.Content content = read();
        for (MalformedLine line : content.described()) {
            console.note("trapline: " + file + ": left out " + line.describe());
        }
        TracePlan plan = TracePlan.of(content.trace());
        console.line(file + ": " + content.trace().format().text() + ", "
                + new Count(content.trace().size())
                + " accesses of " + content.trace().vcpus() + " vCPUs to "
                + content.trace().deviceNames().size() + " devices"
                + (content.malformed() == 0
                        ? ""
                        : ", " + new Count(content.malformed()) + " malformed lines left out"));
        try (Venue venue = Venue.open(trapline);
                TraplineConnection guest = venue.connect("replay-guest");
                TraplineConnection emulators = venue.connect("replay-emulators")) {
            ReplayReport report = Replay.run(guest, emulators, content.trace(), plan, window, console);
            return tell(console, content, report);
        }
    }

    private TraceReader.Content read() throws IOException, BadInput, TraceException {
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            throw new BadInput(file + ": no file that can be read");
        }
        try {
            return TraceReader.read(file, lenient);
        } catch (TraceException wrong) {
            throw wrong.in(file);
        }
    }

    private int tell(Console console, TraceReader.Content content, ReplayReport report) {
        if (!console.isJson()) {
            console.table(report.table(), "");
        }
        report.described().forEach(wrong -> console.note("trapline: " + wrong));
        console.result(
                String.format(
                        Locale.ROOT,
                        "%,d reads and %,d writes, %,d forwarded, %,d mismatches, %,d out of order, %,.0f accesses/s: %s",
                        report.reads(),
                        report.writes(),
                        report.forwarded(),
                        report.mismatches(),
                        report.orderViolations(),
                        report.accessesPerSecond(),
                        report.isFaultless() ? "all as recorded" : "NOT as recorded"),
                report.json()
                        .put("malformed_lines", content.malformed())
                        .put("format", content.trace().format().text())
                        .put("passed", report.isFaultless()));
        return report.isFaultless() ? ExitCode.DONE : ExitCode.CHECK_FAILED;
    }
}
