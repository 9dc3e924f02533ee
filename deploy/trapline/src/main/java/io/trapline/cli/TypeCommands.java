package io.trapline.cli;

import io.trapline.cli.text.Count;
import io.trapline.cli.text.Hex;
import io.trapline.cli.text.Json;
import io.trapline.cli.text.Table;
import io.trapline.client.Memory;
import io.trapline.client.TraplineConnection;
import io.trapline.model.MemType;
import io.trapline.v1.MemTypeRun;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code type}: what pages are to the guest (T). */
@Command(
        name = "type",
        synopsisSubcommandLabel = "COMMAND",
        description = "Set and list the memory types of pages.",
        footer = {"", "Example:", "  trapline type set 1 'ioreq_server[0]' 0x1000+2048"})
final class TypeCommands extends Group {
    private static final GfnRun EVERYTHING = new GfnRun(0, 1L << 40);

    @Command(
            name = "set",
            description = "Change the type of runs of pages: all of them or, if one page refuses, none.",
            footer = {"", "Example:", "  trapline type set 1 'ioreq_server[0]' 0x1000+2048 0x4000"})
    int set(
            @Parameters(paramLabel = "DOMID", description = "The domain.") int domid,
            @Parameters(
                            paramLabel = "TYPE",
                            converter = Words.MemTypeConverter.class,
                            description = "ram_rw, ram_ro, mmio_dm, mmio_write_dm or ioreq_server[X].")
                    MemType type,
            @Parameters(paramLabel = "FIRST[+COUNT]", arity = "1..*", description = "Runs of frames.")
                    List<GfnRun> runs)
            throws BadInput {
        List<MemTypeRun> changes = new ArrayList<>();
        long pages = 0;
        for (GfnRun run : runs) {
            changes.add(Memory.run(Input.gfn(run.firstGfn()), run.count(), type));
            pages += run.count();
        }
        try (TraplineConnection connection = trapline().connection()) {
            connection.memory().setMemType(Input.domain(domid), changes);
            console()
                    .result(
                            new Count(pages) + " pages of domain " + domid + " are " + type.text(),
                            Json.object()
                                    .put("domid", domid)
                                    .put("type", type.text())
                                    .put("pages", pages));
        }
        return ExitCode.DONE;
    }

    @Command(
            name = "list",
            description = "List the types of pages as runs.",
            footer = {"", "Example:", "  trapline type list 1 0+65536"})
    int list(
            @Parameters(paramLabel = "DOMID", description = "The domain.") int domid,
            @Parameters(
                            paramLabel = "FIRST[+COUNT]",
                            arity = "0..1",
                            description = "A run of frames; all where it is left out.")
                    @Nullable
                    GfnRun asked)
            throws BadInput {
        GfnRun run = asked == null ? EVERYTHING : asked;
        try (TraplineConnection connection = trapline().connection()) {
            List<MemTypeRun> runs =
                    connection.memory().listMemTypes(Input.domain(domid), Input.gfn(run.firstGfn()), run.count());
            Table table = new Table("first_gfn", "last_gfn", "pages", "type");
            for (MemTypeRun one : runs) {
                table.row(
                        new Hex(one.getFirstGfn()),
                        new Hex(one.getFirstGfn() + one.getCount() - 1),
                        new Count(one.getCount()),
                        MemType.ofCode(one.getTypeValue()).text());
            }
            console().table(table, "no pages");
            console().record(Json.object().put("domid", domid).put("runs", runs.size()));
        }
        return ExitCode.DONE;
    }
}
