package io.trapline.cli;

import io.trapline.cli.text.Console;
import io.trapline.cli.text.Count;
import io.trapline.cli.text.Hex;
import io.trapline.cli.text.Json;
import io.trapline.client.Answers;
import io.trapline.client.DeviceModel;
import io.trapline.client.Emulator;
import io.trapline.client.EmulatorEnd;
import io.trapline.client.EmulatorOptions;
import io.trapline.client.Ioreq;
import io.trapline.client.IoreqBatchView;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.model.IoreqAttributes;
import io.trapline.v1.Domain;
import io.trapline.v1.IoreqServer;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code emulator}: be one, or examine one. */
@Command(
        name = "emulator",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = VerifyCommand.class,
        description = "Attach an emulator that only logs, or examine an emulator that somebody wrote.",
        footer = {"", "Example:", "  trapline emulator verify 0"})
final class EmulatorCommands extends Group {
    static final String DOMID = "Its domain; may be left out where there is only one.";

    @Command(
            name = "log",
            description = {
                "Attach to a server, print every ioreq and answer reads with a constant, until Ctrl-C.",
                "An emulator that is attached already is fenced, unless this one stands by. Use the principal that created the server."
            },
            footer = {"", "Example:", "  trapline emulator log 0 --domid 1 --answer 0xff --principal gpu"})
    int log(
            @Parameters(paramLabel = "ID", description = "The server.") int id,
            @Option(names = "--domid", paramLabel = "N", description = DOMID) @Nullable Integer domid,
            @Option(
                            names = "--answer",
                            defaultValue = "0xffffffffffffffff",
                            converter = NumberConverter.class,
                            paramLabel = "VALUE",
                            description = "What reads return (default: all ones).")
                    long answer,
            @Option(
                            names = "--standby",
                            description = "Wait until the emulator that is attached goes, and take over then.")
                    boolean standby,
            @Option(names = "--for", paramLabel = "DURATION", description = "Stop after so long.") @Nullable
                    Duration limit,
            @Option(names = "--ioreqs", paramLabel = "N", description = "Stop after so many ioreqs.") @Nullable
                    Long most)
            throws BadInput, InterruptedException {
        if (most != null && most == 0) {
            throw new BadInput("--ioreqs is 0, not 1 and up");
        }
        CompletableFuture<Object> stop = new CompletableFuture<>();
        trapline().interrupt().arm(() -> stop.complete(true));
        Logger model = new Logger(console(), answer, most == null ? Long.MAX_VALUE : most, stop);
        try (TraplineConnection connection = trapline().connection();
                Emulator emulator = connection.attach(
                        ServerRef.of(server(connection, domid, id)),
                        model,
                        standby ? EmulatorOptions.defaults().asStandby() : EmulatorOptions.defaults())) {
            String where = "server " + id + " of domain " + emulator.domain().domid();
            if (emulator.isStandingBy()) {
                console().note("standing by at " + where + "; Ctrl-C ends it");
                var _ = emulator.active().thenAccept(epoch -> console().note("attached to " + where));
            } else {
                console().note("attached to " + where + "; Ctrl-C ends it");
            }
            CompletableFuture<Object> first = CompletableFuture.anyOf(stop, emulator.ended());
            (limit == null ? first : first.completeOnTimeout(true, limit.toMillis(), TimeUnit.MILLISECONDS)).join();
            awaitDelivery(connection, emulator);
            EmulatorEnd end = emulator.ended().getNow(null);
            console()
                    .record(Json.object()
                            .put("ioreqs", model.seen.get())
                            .put(
                                    "end",
                                    end == null ? "stopped" : end.kind().name().toLowerCase(Locale.ROOT)));
            console().note(new Count(model.seen.get()) + " ioreqs");
            if (end != null && end.cause() instanceof RuntimeException cause) {
                throw cause;
            }
        }
        return ExitCode.DONE;
    }

    /** The last answers may be on their way, and detaching would leave their ioreqs to the next emulator. */
    private static void awaitDelivery(TraplineConnection connection, Emulator emulator) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
        while (emulator.isAttached()
                && System.nanoTime() < deadlineNanos
                && connection
                                .ioreqServers()
                                .getInfo(emulator.server())
                                .getCounters()
                                .getInFlight()
                        > 0) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    /** Attaching needs the generation, so that a server which took the id since is not meant. */
    static IoreqServer server(TraplineConnection connection, @Nullable Integer domid, int id) throws BadInput {
        int named = domid == null ? onlyDomain(connection) : domid;
        return connection.ioreqServers().getInfo(Input.server(named, id)).getServer();
    }

    private static int onlyDomain(TraplineConnection connection) throws BadInput {
        List<Domain> domains = connection.domains().list();
        if (domains.size() != 1) {
            throw new BadInput("there are " + domains.size() + " domains: name one with --domid");
        }
        return domains.getFirst().getDomid();
    }

    private static final class Logger implements DeviceModel {
        private final Console console;
        private final long answer;
        private final long most;
        private final CompletableFuture<Object> stop;
        private final AtomicLong seen = new AtomicLong();

        Logger(Console console, long answer, long most, CompletableFuture<Object> stop) {
            this.console = console;
            this.answer = answer;
            this.most = most;
            this.stop = stop;
        }

        @Override
        public void handle(IoreqBatchView batch, Answers answers) {
            DeviceModel.super.handle(batch, answers);
            if (seen.get() >= most) {
                stop.complete(true);
            }
        }

        @Override
        public long read(Ioreq ioreq) {
            print(ioreq);
            return answer;
        }

        @Override
        public void write(Ioreq ioreq) {
            print(ioreq);
        }

        private void print(Ioreq ioreq) {
            console.line(ioreq.toString());
            console.record(json(ioreq));
            seen.incrementAndGet();
        }

        private static Json json(Ioreq ioreq) {
            return Json.object()
                    .put("vcpu", ioreq.vcpu())
                    .put("sequence", ioreq.sequence())
                    .put("part", ioreq.part())
                    .put("type", type(ioreq.type()))
                    .put("direction", ioreq.isWrite() ? "write" : "read")
                    .put("address", new Hex(ioreq.address()))
                    .put("size", ioreq.sizeBytes())
                    .put("count", ioreq.count())
                    .put("df", ioreq.isDf())
                    .put("data_is_ptr", ioreq.isDataPtr())
                    .put("data", new Hex(ioreq.data()))
                    .put("posted", ioreq.isPosted())
                    .put("redelivered", ioreq.isRedelivered());
        }

        private static String type(int type) {
            return switch (type) {
                case IoreqAttributes.PIO -> "PIO";
                case IoreqAttributes.COPY -> "COPY";
                case IoreqAttributes.PCI_CONFIG -> "PCI_CONFIG";
                case IoreqAttributes.TIMEOFFSET -> "TIMEOFFSET";
                case IoreqAttributes.INVALIDATE -> "INVALIDATE";
                default -> String.valueOf(type);
            };
        }
    }
}
