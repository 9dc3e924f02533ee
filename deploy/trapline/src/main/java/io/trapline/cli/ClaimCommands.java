package io.trapline.cli;

import io.trapline.cli.text.Json;
import io.trapline.cli.text.Table;
import io.trapline.client.TraplineConnection;
import io.trapline.model.AccessFlags;
import io.trapline.model.MemType;
import io.trapline.v1.Claim;
import io.trapline.v1.ClaimEnd;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code claim}: who takes accesses to pages of a type (C). */
@Command(
        name = "claim",
        synopsisSubcommandLabel = "COMMAND",
        description = "Claim memory types for IOREQ servers, release them, list who holds what and who held it.",
        footer = {"", "Example:", "  trapline claim take 1 0 'ioreq_server[0]' write --principal gpu"})
final class ClaimCommands extends Group {
    @Command(
            name = "take",
            description = "Claim a type for a server: accesses of these kinds to all pages of the type go to it.",
            footer = {"", "Example:", "  trapline claim take 1 0 'ioreq_server[0]' read,write --principal gpu"})
    int take(
            @Parameters(paramLabel = "DOMID", description = "The domain.") int domid,
            @Parameters(paramLabel = "ID", description = "The server.") int id,
            @Parameters(
                            paramLabel = "TYPE",
                            converter = Words.MemTypeConverter.class,
                            description = "ioreq_server[X], or X alone.")
                    MemType type,
            @Parameters(
                            paramLabel = "ACCESS",
                            converter = Words.FlagsConverter.class,
                            description = "read, write or read,write.")
                    int flags)
            throws BadInput {
        try (TraplineConnection connection = trapline().connection()) {
            long epoch = connection.ioreqServers().mapMemType(Input.server(domid, id), type, flags);
            console()
                    .result(
                            "IOREQ server " + id + " of domain " + domid + " holds " + type.text() + " for "
                                    + AccessFlags.text(flags) + ", epoch " + epoch,
                            Json.object()
                                    .put("domid", domid)
                                    .put("id", id)
                                    .put("type", type.text())
                                    .put("flags", AccessFlags.text(flags))
                                    .put("epoch", epoch));
        }
        return ExitCode.DONE;
    }

    @Command(
            name = "release",
            description = "Release a claim, letting what is under way finish.",
            footer = {"", "Example:", "  trapline claim release 1 0 'ioreq_server[0]' --reset --principal gpu"})
    int release(
            @Parameters(paramLabel = "DOMID", description = "The domain.") int domid,
            @Parameters(paramLabel = "ID", description = "The server.") int id,
            @Parameters(
                            paramLabel = "TYPE",
                            converter = Words.MemTypeConverter.class,
                            description = "ioreq_server[X], or X alone.")
                    MemType type,
            @Option(names = "--reset", description = "Turn the domain's remaining pages of the type into ram_rw.")
                    boolean reset,
            @Option(names = "--drain", defaultValue = "5s", paramLabel = "DURATION", description = ServerCommands.DRAIN)
                    Duration drain,
            @Option(names = "--no-wait", description = ServerCommands.NO_WAIT) boolean noWait)
            throws BadInput {
        try (TraplineConnection connection = trapline().connection()) {
            long revision =
                    connection.ioreqServers().release(Input.server(domid, id), type, reset, Input.drain(drain, noWait));
            console()
                    .result(
                            type.text() + " of domain " + domid + " is " + (noWait ? "being released" : "free"),
                            Json.object()
                                    .put("domid", domid)
                                    .put("id", id)
                                    .put("type", type.text())
                                    .put("revision", revision));
        }
        return ExitCode.DONE;
    }

    @Command(
            name = "list",
            description = "List the claims that stand.",
            footer = {"", "Example:", "  trapline claim list 1"})
    int list(
            @Parameters(paramLabel = "DOMID", arity = "0..1", description = "The domain; all where it is left out.")
                    @Nullable
                    Integer domid)
            throws BadInput {
        try (TraplineConnection connection = trapline().connection()) {
            List<Claim> claims = connection.ioreqServers().listClaims(domid == null ? null : Input.domain(domid));
            Table table = new Table("domid", "type", "holder", "flags", "epoch", "state", "principal");
            for (Claim claim : claims) {
                table.row(
                        claim.getDomid(),
                        type(claim),
                        claim.getId(),
                        AccessFlags.text(claim.getFlags()),
                        claim.getEpoch(),
                        Words.of(claim.getState(), "CLAIM_STATE_"),
                        claim.getPrincipal());
            }
            console().table(table, "no claims");
            console().record(Json.object().put("claims", claims.size()));
        }
        return ExitCode.DONE;
    }

    @Command(
            name = "history",
            description = "List the claims of a domain that ended, oldest first.",
            footer = {"", "Example:", "  trapline claim history 1"})
    int history(@Parameters(paramLabel = "DOMID", description = "The domain.") int domid) throws BadInput {
        try (TraplineConnection connection = trapline().connection()) {
            List<Claim> claims = connection.ioreqServers().listClaimHistory(Input.domain(domid));
            Table table = new Table("type", "holder", "flags", "epoch", "ended_revision", "end", "principal");
            for (Claim claim : claims) {
                table.row(
                        type(claim),
                        claim.getId(),
                        AccessFlags.text(claim.getFlags()),
                        claim.getEpoch(),
                        claim.getEndedRevision(),
                        Words.of(claim.getEnd(), "CLAIM_END_"),
                        claim.getPrincipal());
            }
            console().table(table, "no claim of domain " + domid + " has ended");
            console().record(Json.object().put("domid", domid).put("claims", claims.size()));
        }
        return ExitCode.DONE;
    }

    static String type(Claim claim) {
        return MemType.ofCode(claim.getTypeValue()).text();
    }

    /** For a person: what a change of a claim was. */
    static String describe(Claim claim) {
        String what = "domain " + claim.getDomid() + " " + type(claim) + ": ";
        String holder = "server " + claim.getId() + " (" + claim.getPrincipal() + ") "
                + AccessFlags.text(claim.getFlags()) + ", epoch " + claim.getEpoch();
        String state = Words.of(claim.getState(), "CLAIM_STATE_");
        return what + state + ", " + holder
                + (claim.getEnd() == ClaimEnd.CLAIM_END_UNSPECIFIED
                        ? ""
                        : ", " + Words.of(claim.getEnd(), "CLAIM_END_"));
    }

    static Json json(Claim claim) {
        return Json.object()
                .put("domid", claim.getDomid())
                .put("type", type(claim))
                .put("holder", claim.getId())
                .put("generation", claim.getGeneration())
                .put("flags", AccessFlags.text(claim.getFlags()))
                .put("epoch", claim.getEpoch())
                .put("state", Words.of(claim.getState(), "CLAIM_STATE_"))
                .put("principal", claim.getPrincipal())
                .put("ended_revision", claim.getEndedRevision())
                .put(
                        "end",
                        claim.getEnd() == ClaimEnd.CLAIM_END_UNSPECIFIED
                                ? null
                                : Words.of(claim.getEnd(), "CLAIM_END_"));
    }
}
