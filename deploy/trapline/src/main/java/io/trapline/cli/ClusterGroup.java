package io.trapline.cli;

import io.grpc.StatusRuntimeException;
import io.trapline.cli.text.Json;
import io.trapline.cli.text.Table;
import io.trapline.client.DomainRef;
import io.trapline.client.TraplineConnection;
import io.trapline.internal.v1.CoordinatorServiceGrpc;
import io.trapline.internal.v1.FindLeaderRequest;
import io.trapline.internal.v1.FindLeaderResponse;
import io.trapline.v1.Coordinator;
import io.trapline.v1.DescribeDomainResponse;
import io.trapline.v1.Domain;
import io.trapline.v1.DomainShard;
import io.trapline.v1.ListCoordinatorsResponse;
import io.trapline.v1.Node;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code cluster}: the processes of a cluster, and who has what. */
@Command(
        name = "cluster",
        synopsisSubcommandLabel = "COMMAND",
        description = "Show the coordinators and nodes of a cluster, and which node has which shard.",
        footer = {"", "Example:", "  trapline cluster status"})
final class ClusterGroup extends Group {
    private static final Logger LOG = LoggerFactory.getLogger(ClusterGroup.class);

    private static final long ASK_MILLIS = 1_000;

    @Command(
            name = "status",
            description = {
                "List the coordinators, each asked what it does, and the nodes, as the leader knows them.",
                "A coordinator is leading, following, or silent."
            },
            footer = {"", "Example:", "  trapline cluster status --json"})
    int status() throws BadInput {
        try (TraplineConnection connection = trapline().connection()) {
            ListCoordinatorsResponse known = connection.cluster().coordinators();
            List<Node> nodes = connection.cluster().nodes();
            Table coordinators = new Table("coordinator", "address", "state", "term", "follows");
            for (Coordinator coordinator : known.getCoordinatorsList()) {
                // One that is in the same process as a node has no address of its own.
                Optional<FindLeaderResponse> said = coordinator.getAddress().isEmpty()
                        ? Optional.of(ofLeader(known))
                        : ask(coordinator.getAddress());
                coordinators.row(
                        coordinator.getId(),
                        coordinator.getAddress(),
                        said.map(each -> each.getLeads() ? "leading" : "following")
                                .orElse("silent"),
                        said.map(FindLeaderResponse::getTerm).orElse(0L),
                        said.map(FindLeaderResponse::getLeader).orElse(""));
            }
            console().table(coordinators, "no coordinators");
            console().line("");
            console().table(nodesTable(nodes), "no nodes");
            console()
                    .record(Json.object()
                            .put("coordinators", known.getCoordinatorsCount())
                            .put("leader", known.getLeader())
                            .put("term", known.getTerm())
                            .put("nodes", nodes.size())
                            .put(
                                    "usable_nodes",
                                    nodes.stream().filter(Node::getUsable).count()));
        }
        return ExitCode.DONE;
    }

    private static FindLeaderResponse ofLeader(ListCoordinatorsResponse known) {
        return FindLeaderResponse.newBuilder()
                .setLeads(true)
                .setLeader(known.getLeader())
                .setTerm(known.getTerm())
                .build();
    }

    private Optional<FindLeaderResponse> ask(String address) throws BadInput {
        try (TraplineConnection direct = trapline().builder(address).build()) {
            return Optional.of(CoordinatorServiceGrpc.newBlockingStub(direct.channel())
                    .withDeadlineAfter(ASK_MILLIS, TimeUnit.MILLISECONDS)
                    .findLeader(FindLeaderRequest.getDefaultInstance()));
        } catch (StatusRuntimeException silent) {
            LOG.debug("coordinator at {} does not answer", address, silent);
            return Optional.empty();
        }
    }

    @Command(
            name = "nodes",
            description =
                    "List the nodes. One is usable while it holds a lease. One that is draining is given nothing more.",
            footer = {"", "Example:", "  trapline cluster nodes"})
    int nodes() throws BadInput {
        try (TraplineConnection connection = trapline().connection()) {
            List<Node> nodes = connection.cluster().nodes();
            console().table(nodesTable(nodes), "no nodes");
            console().record(Json.object().put("nodes", nodes.size()));
        }
        return ExitCode.DONE;
    }

    private static Table nodesTable(List<Node> nodes) {
        Table table = new Table("node", "address", "usable", "draining", "shards", "applied_revision", "incarnation");
        nodes.forEach(node -> table.row(
                node.getId(),
                node.getAddress(),
                node.getUsable(),
                node.getDraining(),
                node.getShards(),
                node.getAppliedRevision(),
                Long.toHexString(node.getIncarnation())));
        return table;
    }

    @Command(
            name = "shards",
            description = "List the shards of all domains, or of one, with the node that decides each.",
            footer = {"", "Example:", "  trapline cluster shards --domid 1"})
    int shards(
            @Option(names = "--domid", paramLabel = "DOMID", description = "Only those of this domain.") @Nullable
                    Integer domid)
            throws BadInput {
        try (TraplineConnection connection = trapline().connection()) {
            Table table = new Table("domid", "first_gfn", "last_gfn", "primary", "backup", "state", "epoch");
            List<DomainRef> domains = domid == null
                    ? connection.domains().list().stream().map(DomainRef::of).toList()
                    : List.of(Input.domain(domid));
            for (DomainRef domain : domains) {
                DescribeDomainResponse described = connection.domains().describe(domain);
                for (DomainShard shard : described.getShardsList()) {
                    add(table, described.getDomain(), shard);
                }
            }
            console().table(table, "no shards");
            console().record(Json.object().put("shards", table.size()));
        }
        return ExitCode.DONE;
    }

    private static void add(Table table, Domain domain, DomainShard shard) {
        table.row(
                domain.getDomid(),
                "0x" + Long.toHexString(shard.getFirstGfn()),
                "0x" + Long.toHexString(shard.getLastGfn()),
                shard.getPrimary(),
                shard.getBackup(),
                Words.of(shard.getState(), "SHARD_STATE_"),
                shard.getEpoch());
    }
}
