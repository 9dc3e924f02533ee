package io.trapline.cli;

import io.trapline.cli.text.Count;
import io.trapline.cli.text.Hex;
import io.trapline.cli.text.Json;
import io.trapline.cli.text.Table;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.client.TraplineException;
import io.trapline.model.AccessFlags;
import io.trapline.model.MemType;
import io.trapline.v1.Bufioreq;
import io.trapline.v1.CreateIoreqServerRequest;
import io.trapline.v1.GetIoreqServerInfoResponse;
import io.trapline.v1.IoRange;
import io.trapline.v1.IoRangeType;
import io.trapline.v1.IoreqServer;
import io.trapline.v1.IoreqServerCounters;
import io.trapline.v1.OnDisconnect;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code server}: IOREQ servers and their ranges (S, R). */
@Command(
        name = "server",
        synopsisSubcommandLabel = "COMMAND",
        description = "Create, inspect, enable and destroy IOREQ servers, and give them ranges.",
        footer = {"", "Example:", "  trapline server create 1 --principal gpu"})
final class ServerCommands extends Group {
    private static final Duration DEFAULT_GRACE = Duration.ofSeconds(5);

    /** Whether posted writes are buffered (S1). */
    enum Buffering {
        OFF(Bufioreq.BUFIOREQ_OFF),
        LEGACY(Bufioreq.BUFIOREQ_LEGACY),
        ATOMIC(Bufioreq.BUFIOREQ_ATOMIC);

        private final Bufioreq value;

        Buffering(Bufioreq value) {
            this.value = value;
        }
    }

    /** The address spaces of ranges (R1). */
    enum Space {
        PORT(IoRangeType.IO_RANGE_TYPE_PORT),
        MEMORY(IoRangeType.IO_RANGE_TYPE_MEMORY),
        PCI(IoRangeType.IO_RANGE_TYPE_PCI);

        private final IoRangeType value;

        Space(IoRangeType value) {
            this.value = value;
        }
    }

    /** What becomes of claims without an emulator (C6). */
    enum Disconnect {
        HOLD(OnDisconnect.ON_DISCONNECT_HOLD),
        RELEASE(OnDisconnect.ON_DISCONNECT_RELEASE);

        private final OnDisconnect value;

        Disconnect(OnDisconnect value) {
            this.value = value;
        }
    }

    @Command(
            name = "create",
            description = "Create an IOREQ server; it starts disabled and belongs to the principal that creates it.",
            footer = {"", "Example:", "  trapline server create 1 --bufioreq atomic --principal gpu"})
    int create(
            @Parameters(paramLabel = "DOMID", description = "The domain.") int domid,
            @Option(
                            names = "--bufioreq",
                            defaultValue = "off",
                            paramLabel = "KIND",
                            description = "Buffer posted writes: off (default), legacy or atomic.")
                    Buffering bufioreq,
            @Option(
                            names = "--timeout",
                            defaultValue = "5s",
                            paramLabel = "DURATION",
                            description = "How long an ioreq may stay unanswered, 0 = for ever (default: 5s).")
                    Duration timeout,
            @Option(
                            names = "--on-disconnect",
                            defaultValue = "hold",
                            paramLabel = "WHAT",
                            description =
                                    "Without an emulator: hold its claims (default), or release each when --grace is over.")
                    Disconnect onDisconnect,
            @Option(
                            names = "--grace",
                            paramLabel = "DURATION",
                            description = "With --on-disconnect release: for how long, 1ms to 1h (default: 5s).")
                    @Nullable
                    Duration grace,
            @Option(names = "--enable", description = "Enable it at once.") boolean enable)
            throws BadInput {
        CreateIoreqServerRequest options = CreateIoreqServerRequest.newBuilder()
                .setBufioreq(bufioreq.value)
                .setTimeoutMs(Input.millis("--timeout", timeout))
                .setOnDisconnect(onDisconnect.value)
                .setGraceMs(graceMillis(onDisconnect, grace))
                .build();
        try (TraplineConnection connection = trapline().connection()) {
            ServerRef server = connection.ioreqServers().create(Input.domain(domid), options);
            if (enable) {
                enableCreated(connection, server);
            }
            console()
                    .result(
                            "IOREQ server " + server.id() + " of domain " + domid + " created, generation "
                                    + server.generation() + "; it is " + (enable ? "enabled" : "disabled"),
                            Json.object()
                                    .put("domid", domid)
                                    .put("id", server.id().value())
                                    .put("generation", server.generation())
                                    .put("state", enable ? "enabled" : "disabled"));
        }
        return ExitCode.DONE;
    }

    private static int graceMillis(Disconnect onDisconnect, @Nullable Duration grace) throws BadInput {
        if (onDisconnect == Disconnect.RELEASE) {
            return Input.millis("--grace", grace == null ? DEFAULT_GRACE : grace);
        }
        if (grace != null) {
            throw new BadInput("--grace is for --on-disconnect release alone");
        }
        return 0;
    }

    /** Where that fails the server is there nevertheless, and whoever called must know. */
    private void enableCreated(TraplineConnection connection, ServerRef server) {
        try {
            connection.ioreqServers().enable(server);
        } catch (TraplineException failed) {
            console()
                    .note("trapline: IOREQ server " + server.id() + " of domain "
                            + server.domain().domid() + " was created, generation " + server.generation()
                            + ", but not enabled");
            console()
                    .record(Json.object()
                            .put("domid", server.domain().domid().value())
                            .put("id", server.id().value())
                            .put("generation", server.generation())
                            .put(
                                    "state",
                                    failed.isUnreachable() || failed.refusal().isPresent() ? "disabled" : "unknown"));
            throw failed;
        }
    }

    @Command(
            name = "list",
            description = "List the IOREQ servers of a domain.",
            footer = {"", "Example:", "  trapline server list 1"})
    int list(@Parameters(paramLabel = "DOMID", description = "The domain.") int domid) throws BadInput {
        try (TraplineConnection connection = trapline().connection()) {
            List<IoreqServer> servers = connection.ioreqServers().list(Input.domain(domid));
            Table table =
                    new Table("id", "generation", "principal", "state", "emulator", "bufioreq", "ranges", "claims");
            for (IoreqServer server : servers) {
                table.row(
                        server.getId(),
                        server.getGeneration(),
                        server.getPrincipal(),
                        Words.of(server.getState(), "IOREQ_SERVER_STATE_"),
                        server.getSessionEpoch() == 0 ? "none" : "attached",
                        Words.of(server.getBufioreq(), "BUFIOREQ_"),
                        server.getRangesCount(),
                        claims(server));
            }
            console().table(table, "domain " + domid + " has no IOREQ servers");
            console().record(Json.object().put("domid", domid).put("servers", servers.size()));
        }
        return ExitCode.DONE;
    }

    @Command(
            name = "info",
            description = "Show a server, its ranges and what it has done.",
            footer = {"", "Example:", "  trapline server info 1 0"})
    int info(
            @Parameters(paramLabel = "DOMID", description = "The domain.") int domid,
            @Parameters(paramLabel = "ID", description = "The server.") int id)
            throws BadInput {
        try (TraplineConnection connection = trapline().connection()) {
            GetIoreqServerInfoResponse info = connection.ioreqServers().getInfo(Input.server(domid, id));
            IoreqServer server = info.getServer();
            console()
                    .line("IOREQ server " + id + " of domain " + domid + ", generation " + server.getGeneration() + ": "
                            + Words.of(server.getState(), "IOREQ_SERVER_STATE_") + ", made by " + server.getPrincipal()
                            + ", "
                            + (server.getSessionEpoch() == 0
                                    ? "no emulator attached"
                                    : "emulator attached since revision " + server.getSessionEpoch()
                                            + (server.getStandbys() == 0
                                                    ? ""
                                                    : " and " + server.getStandbys() + " standing by"))
                            + ", bufioreq " + Words.of(server.getBufioreq(), "BUFIOREQ_") + ", timeout "
                            + DurationConverter.text(Duration.ofMillis(server.getTimeoutMs()))
                            + (server.getOnDisconnect() == OnDisconnect.ON_DISCONNECT_RELEASE
                                    ? ", claims released after "
                                            + DurationConverter.text(Duration.ofMillis(server.getGraceMs()))
                                            + " without an emulator"
                                    : ""));
            claims(server).forEach(claim -> console().line("claims " + claim));
            Table ranges = new Table("space", "start", "end");
            for (IoRange range : server.getRangesList()) {
                ranges.row(
                        Words.of(range.getType(), "IO_RANGE_TYPE_"),
                        new Hex(range.getStart()),
                        new Hex(range.getEnd()));
            }
            console().table(ranges, "no ranges");
            if (info.hasCounters() && !console().isJson()) {
                console().table(counters(info.getCounters()), "");
            }
            console().record(json(info));
        }
        return ExitCode.DONE;
    }

    @Command(
            name = "enable",
            description = "Enable a server: from now on it is passed what its claims and ranges say.",
            footer = {"", "Example:", "  trapline server enable 1 0 --principal gpu"})
    int enable(
            @Parameters(paramLabel = "DOMID", description = "The domain.") int domid,
            @Parameters(paramLabel = "ID", description = "The server.") int id)
            throws BadInput {
        try (TraplineConnection connection = trapline().connection()) {
            long revision = connection.ioreqServers().enable(Input.server(domid, id));
            done(domid, id, "enabled", revision);
        }
        return ExitCode.DONE;
    }

    @Command(
            name = "disable",
            description = "Disable a server, letting what is under way finish.",
            footer = {"", "Example:", "  trapline server disable 1 0 --drain 500ms --principal gpu"})
    int disable(
            @Parameters(paramLabel = "DOMID", description = "The domain.") int domid,
            @Parameters(paramLabel = "ID", description = "The server.") int id,
            @Option(names = "--drain", defaultValue = "5s", paramLabel = "DURATION", description = DRAIN)
                    Duration drain,
            @Option(names = "--no-wait", description = NO_WAIT) boolean noWait)
            throws BadInput {
        try (TraplineConnection connection = trapline().connection()) {
            long revision = connection.ioreqServers().disable(Input.server(domid, id), Input.drain(drain, noWait));
            done(domid, id, noWait ? "being disabled" : "disabled", revision);
        }
        return ExitCode.DONE;
    }

    static final String DRAIN = "How long a delivered ioreq may still be answered, up to 60s (default: 5s).";
    static final String NO_WAIT = "Return at once and let it finish behind.";

    @Command(
            name = "map",
            description = "Give a server a range; both ends are inclusive.",
            footer = {"", "Example:", "  trapline server map 1 0 memory 0xfeb40000 0xfeb5ffff --principal gpu"})
    int map(
            @Parameters(paramLabel = "DOMID", description = "The domain.") int domid,
            @Parameters(paramLabel = "ID", description = "The server.") int id,
            @Parameters(paramLabel = "SPACE", description = "port, memory or pci.") Space space,
            @Parameters(paramLabel = "START", converter = NumberConverter.class, description = "First address.")
                    long start,
            @Parameters(paramLabel = "END", converter = NumberConverter.class, description = "Last address.") long end)
            throws BadInput {
        try (TraplineConnection connection = trapline().connection()) {
            long revision = connection.ioreqServers().mapIoRange(Input.server(domid, id), space.value, start, end);
            done(domid, id, "given " + Words.of(space, "") + " " + new Hex(start) + " … " + new Hex(end), revision);
        }
        return ExitCode.DONE;
    }

    @Command(
            name = "unmap",
            description = "Take a range or a part of one back; both ends are inclusive.",
            footer = {"", "Example:", "  trapline server unmap 1 0 memory 0xfeb40000 0xfeb40fff --principal gpu"})
    int unmap(
            @Parameters(paramLabel = "DOMID", description = "The domain.") int domid,
            @Parameters(paramLabel = "ID", description = "The server.") int id,
            @Parameters(paramLabel = "SPACE", description = "port, memory or pci.") Space space,
            @Parameters(paramLabel = "START", converter = NumberConverter.class, description = "First address.")
                    long start,
            @Parameters(paramLabel = "END", converter = NumberConverter.class, description = "Last address.") long end)
            throws BadInput {
        try (TraplineConnection connection = trapline().connection()) {
            long revision = connection.ioreqServers().unmapIoRange(Input.server(domid, id), space.value, start, end);
            done(
                    domid,
                    id,
                    "relieved of " + Words.of(space, "") + " " + new Hex(start) + " … " + new Hex(end),
                    revision);
        }
        return ExitCode.DONE;
    }

    @Command(
            name = "destroy",
            description =
                    "Destroy a server: disable it, release its claims, unmap its ranges, let what is under way finish.",
            footer = {"", "Example:", "  trapline server destroy 1 0 --principal gpu"})
    int destroy(
            @Parameters(paramLabel = "DOMID", description = "The domain.") int domid,
            @Parameters(paramLabel = "ID", description = "The server.") int id,
            @Option(names = "--drain", defaultValue = "5s", paramLabel = "DURATION", description = DRAIN)
                    Duration drain,
            @Option(names = "--no-wait", description = NO_WAIT) boolean noWait)
            throws BadInput {
        try (TraplineConnection connection = trapline().connection()) {
            long revision = connection.ioreqServers().destroy(Input.server(domid, id), Input.drain(drain, noWait));
            done(domid, id, noWait ? "being destroyed" : "destroyed", revision);
        }
        return ExitCode.DONE;
    }

    private void done(int domid, int id, String what, long revision) {
        console()
                .result(
                        "IOREQ server " + id + " of domain " + domid + " is " + what,
                        Json.object().put("domid", domid).put("id", id).put("revision", revision));
    }

    private static List<String> claims(IoreqServer server) {
        return server.getClaimsList().stream()
                .map(claim -> MemType.ofCode(claim.getTypeValue()).text() + ":" + AccessFlags.text(claim.getFlags()))
                .toList();
    }

    private static Table counters(IoreqServerCounters counters) {
        return new Table(
                        "delivered",
                        "answered",
                        "refused",
                        "redelivered",
                        "timed_out",
                        "decided_again",
                        "in_flight",
                        "posted_waiting")
                .row(
                        new Count(counters.getDelivered()),
                        new Count(counters.getAnswered()),
                        new Count(counters.getRefusedAnswers()),
                        new Count(counters.getRedelivered()),
                        new Count(counters.getTimedOut()),
                        new Count(counters.getDecidedAgain()),
                        new Count(counters.getInFlight()),
                        new Count(counters.getPostedWaiting()));
    }

    private static Json json(GetIoreqServerInfoResponse info) {
        IoreqServer server = info.getServer();
        return Json.object()
                .put("domid", server.getDomid())
                .put("id", server.getId())
                .put("generation", server.getGeneration())
                .put("principal", server.getPrincipal())
                .put("state", Words.of(server.getState(), "IOREQ_SERVER_STATE_"))
                .put("attached", server.getSessionEpoch() != 0)
                .put("session_epoch", server.getSessionEpoch())
                .put("standbys", server.getStandbys())
                .put("bufioreq", Words.of(server.getBufioreq(), "BUFIOREQ_"))
                .put("timeout_ms", server.getTimeoutMs())
                .put("on_disconnect", Words.of(server.getOnDisconnect(), "ON_DISCONNECT_"))
                .put("grace_ms", server.getGraceMs())
                .put("claims", claims(server))
                .put("ranges", server.getRangesCount())
                .put(
                        "counters",
                        info.hasCounters()
                                ? counters(info.getCounters()).objects().getFirst()
                                : null);
    }
}
