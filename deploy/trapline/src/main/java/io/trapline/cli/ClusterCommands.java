package io.trapline.cli;

import io.trapline.cli.text.Console;
import io.trapline.cli.text.Json;
import io.trapline.cli.text.Table;
import io.trapline.client.TraplineConnection;
import io.trapline.server.BuildVersion;
import io.trapline.v1.GetVersionResponse;
import io.trapline.v1.Limit;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/** The cluster as a whole: {@code limits}, {@code version}. */
final class ClusterCommands {
    private ClusterCommands() {}

    /** {@code limits} (section L). */
    @Command(
            name = "limits",
            description = "List every limit with the rule it comes from.",
            footer = {"", "Example:", "  trapline limits --json"})
    static final class Limits implements Callable<Integer> {
        @ParentCommand
        private TraplineCommand trapline;

        @Override
        public Integer call() throws BadInput {
            try (TraplineConnection connection = trapline.connection()) {
                List<Limit> limits = connection.cluster().limits();
                Table table = new Table("name", "value", "unit", "rule");
                limits.forEach(limit -> table.row(limit.getName(), limit.getValue(), limit.getUnit(), limit.getRule()));
                trapline.console().table(table, "no limits");
                trapline.console().record(Json.object().put("limits", limits.size()));
            }
            return ExitCode.DONE;
        }
    }

    /** {@code version}. */
    @Command(
            name = "version",
            description = "Show the version of this program and, with --connect, of the cluster.",
            footer = {"", "Example:", "  trapline version --connect 127.0.0.1:7420"})
    static final class VersionOf implements Callable<Integer> {
        @ParentCommand
        private TraplineCommand trapline;

        @Override
        public Integer call() throws BadInput {
            Console console = trapline.console();
            Json summary = Json.object().put("version", BuildVersion.current());
            console.line("trapline " + BuildVersion.current());
            if (trapline.connect() != null) {
                try (TraplineConnection connection = trapline.connection()) {
                    GetVersionResponse cluster = connection.cluster().version();
                    console.line("cluster " + cluster.getClusterId() + ": trapline " + cluster.getVersion()
                            + ", revision " + cluster.getRevision());
                    summary.put("cluster_version", cluster.getVersion())
                            .put("cluster_id", cluster.getClusterId())
                            .put("revision", cluster.getRevision());
                }
            }
            console.record(summary);
            return ExitCode.DONE;
        }
    }
}
