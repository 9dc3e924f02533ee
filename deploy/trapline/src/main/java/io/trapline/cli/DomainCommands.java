package io.trapline.cli;

import static io.trapline.cli.DurationConverter.text;

import io.trapline.cli.text.Count;
import io.trapline.cli.text.Hex;
import io.trapline.cli.text.Json;
import io.trapline.cli.text.Table;
import io.trapline.client.DomainRef;
import io.trapline.client.TraplineConnection;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.DescribeDomainResponse;
import io.trapline.v1.Domain;
import io.trapline.v1.DomainShard;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code domain}: the life of domains (D1). */
@Command(
        name = "domain",
        synopsisSubcommandLabel = "COMMAND",
        description = "Create, list, describe, pause and destroy domains.",
        footer = {"", "Example:", "  trapline domain create --pages 65536 --vcpus 4"})
final class DomainCommands extends Group {
    @Command(
            name = "create",
            description = "Create a domain; its pages are ram_rw and zero.",
            footer = {"", "Example:", "  trapline domain create --pages 65536 --vcpus 4"})
    int create(
            @Option(
                            names = "--pages",
                            required = true,
                            paramLabel = "N",
                            converter = NumberConverter.class,
                            description = "Pages of 4096 bytes, 1 … 2^32.")
                    long pages,
            @Option(names = "--vcpus", defaultValue = "1", paramLabel = "N", description = "1 … 4096 (default: 1).")
                    int vcpus,
            @Option(
                            names = "--domid",
                            defaultValue = "0",
                            paramLabel = "N",
                            description = "Default: the lowest free one.")
                    int domid,
            @Option(
                            names = "--memory",
                            defaultValue = "volatile",
                            paramLabel = "KIND",
                            description = "volatile (default): one copy; replicated: two, which needs two nodes.")
                    MemoryKind memory,
            @Option(
                            names = "--on-degraded",
                            defaultValue = "continue",
                            paramLabel = "WHAT",
                            description =
                                    "Of replicated memory that has lost a copy. continue (default): the other one goes on;"
                                            + " wait: nothing is acknowledged until there are two again.")
                    WhenDegraded onDegraded,
            @Option(
                            names = "--access-timeout",
                            defaultValue = "30s",
                            paramLabel = "DURATION",
                            description = "Of an access that names none (default: 30s).")
                    Duration accessTimeout)
            throws BadInput {
        CreateDomainRequest request = CreateDomainRequest.newBuilder()
                .setDomid(domid)
                .setNrPages(pages)
                .setNrVcpus(vcpus)
                .setMemory(memory.value())
                .setOnDegraded(onDegraded.value())
                .setDefaultTimeoutMs(Input.millis("--access-timeout", accessTimeout))
                .build();
        try (TraplineConnection connection = trapline().connection()) {
            Domain domain = connection.domains().create(request);
            console()
                    .result(
                            "domain " + domain.getDomid() + " created, generation " + domain.getGeneration(),
                            json(domain));
        }
        return ExitCode.DONE;
    }

    @Command(
            name = "list",
            description = "List the domains.",
            footer = {"", "Example:", "  trapline domain list --json"})
    int list() throws BadInput {
        try (TraplineConnection connection = trapline().connection()) {
            Table table = new Table("domid", "generation", "pages", "vcpus", "memory", "state", "servers");
            List<Domain> domains = connection.domains().list();
            for (Domain domain : domains) {
                table.row(
                        domain.getDomid(),
                        domain.getGeneration(),
                        new Count(domain.getNrPages()),
                        domain.getNrVcpus(),
                        Words.of(domain.getMemory(), "DOMAIN_MEMORY_"),
                        Words.of(domain.getState(), "DOMAIN_STATE_"),
                        domain.getNrIoreqServers());
            }
            console().table(table, "no domains");
            console().record(Json.object().put("domains", domains.size()));
        }
        return ExitCode.DONE;
    }

    @Command(
            name = "describe",
            description = "Describe a domain and where its shards are.",
            footer = {"", "Example:", "  trapline domain describe 1"})
    int describe(@Parameters(paramLabel = "DOMID", description = "The domain.") int domid) throws BadInput {
        try (TraplineConnection connection = trapline().connection()) {
            DescribeDomainResponse described = connection.domains().describe(Input.domain(domid));
            Domain domain = described.getDomain();
            console()
                    .line("domain " + domain.getDomid() + ", generation " + domain.getGeneration() + ": "
                            + Words.of(domain.getState(), "DOMAIN_STATE_")
                            + (domain.getPauseCount() > 0 ? " " + domain.getPauseCount() + " times" : "") + ", "
                            + new Count(domain.getNrPages()) + " pages, " + domain.getNrVcpus() + " vCPUs, memory "
                            + Words.of(domain.getMemory(), "DOMAIN_MEMORY_") + ", access timeout "
                            + text(Duration.ofMillis(domain.getDefaultTimeoutMs())));
            Table shards = new Table("first_gfn", "last_gfn", "primary", "backup", "state", "epoch");
            for (DomainShard shard : described.getShardsList()) {
                shards.row(
                        new Hex(shard.getFirstGfn()),
                        new Hex(shard.getLastGfn()),
                        shard.getPrimary(),
                        shard.getBackup(),
                        Words.of(shard.getState(), "SHARD_STATE_"),
                        shard.getEpoch());
            }
            console().table(shards, "no shards");
            console().record(json(domain).put("revision", described.getRevision()));
        }
        return ExitCode.DONE;
    }

    @Command(
            name = "pause",
            description = "Pause a domain: once this returns no access of its guest takes effect. Pauses count.",
            footer = {"", "Example:", "  trapline domain pause 1"})
    int pause(@Parameters(paramLabel = "DOMID", description = "The domain.") int domid) throws BadInput {
        try (TraplineConnection connection = trapline().connection()) {
            int count = connection.domains().pause(Input.domain(domid));
            console()
                    .result(
                            "domain " + domid + " is paused" + (count > 1 ? ", " + count + " times" : ""),
                            Json.object().put("domid", domid).put("pause_count", count));
        }
        return ExitCode.DONE;
    }

    @Command(
            name = "unpause",
            description = "Take back one pause of a domain.",
            footer = {"", "Example:", "  trapline domain unpause 1"})
    int unpause(@Parameters(paramLabel = "DOMID", description = "The domain.") int domid) throws BadInput {
        try (TraplineConnection connection = trapline().connection()) {
            int count = connection.domains().unpause(Input.domain(domid));
            console()
                    .result(
                            "domain " + domid + (count == 0 ? " runs" : " is still paused, " + count + " times"),
                            Json.object().put("domid", domid).put("pause_count", count));
        }
        return ExitCode.DONE;
    }

    @Command(
            name = "destroy",
            description = "Destroy a domain with its servers, claims and memory.",
            footer = {"", "Example:", "  trapline domain destroy 1"})
    int destroy(
            @Parameters(paramLabel = "DOMID", description = "The domain.") int domid,
            @Option(
                            names = "--generation",
                            defaultValue = "0",
                            paramLabel = "N",
                            description = "Only if it is this one; 0 (default) is whichever has the id now.")
                    long generation)
            throws BadInput {
        try (TraplineConnection connection = trapline().connection()) {
            DomainRef domain = new DomainRef(Input.domain(domid).domid(), generation);
            long revision = connection.domains().destroy(domain);
            console()
                    .result(
                            "domain " + domid + " destroyed",
                            Json.object().put("domid", domid).put("revision", revision));
        }
        return ExitCode.DONE;
    }

    private static Json json(Domain domain) {
        return Json.object()
                .put("domid", domain.getDomid())
                .put("generation", domain.getGeneration())
                .put("pages", domain.getNrPages())
                .put("vcpus", domain.getNrVcpus())
                .put("memory", Words.of(domain.getMemory(), "DOMAIN_MEMORY_"))
                .put("on_degraded", Words.of(domain.getOnDegraded(), "ON_DEGRADED_"))
                .put("redundancy", Words.of(domain.getRedundancy(), "DOMAIN_REDUNDANCY_"))
                .put("state", Words.of(domain.getState(), "DOMAIN_STATE_"))
                .put("pause_count", domain.getPauseCount())
                .put("servers", domain.getNrIoreqServers())
                .put("access_timeout_ms", domain.getDefaultTimeoutMs());
    }
}
