package io.trapline.cli;

import io.trapline.cli.text.Json;
import io.trapline.client.TraplineConnection;
import io.trapline.internal.v1.DrainNodeRequest;
import io.trapline.internal.v1.UndrainNodeRequest;
import io.trapline.server.StartException;
import io.trapline.v1.Node;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** What is done to one node from outside: {@code node drain}, {@code undrain} (D-27). */
final class NodeCommands {
    private static final Duration LOOK_EVERY = Duration.ofMillis(200);

    private NodeCommands() {}

    /** {@code node drain}. */
    @Command(
            name = "drain",
            description = {
                "Begin to drain a node: it is given nothing more, in this life and in later ones, until it is undrained, and its shards, servers,"
                        + " guests and emulators go to other nodes. To say it again is no error.",
                "With --wait, until nothing is left there, for --wait-timeout at most; what is left is printed as it changes. Exit code 1 where the time"
                        + " is over, or another call undrains it."
            },
            footer = {"", "Example:", "  trapline node drain n2 --wait"})
    static final class Drain implements Callable<Integer> {
        @ParentCommand
        private ProcessCommands.Node group;

        @Parameters(paramLabel = "NODE", description = "The node's id.")
        private String node;

        @Option(names = "--wait", description = "Until nothing is left at the node.")
        private boolean waits;

        @Option(
                names = "--wait-timeout",
                paramLabel = "DURATION",
                defaultValue = "5m",
                converter = DurationConverter.class,
                description = "How long --wait waits (default: 5m).")
        private Duration timeout;

        @Override
        public Integer call() throws BadInput, IOException, StartException, InterruptedException {
            checkName(node);
            TraplineCommand trapline = group.trapline();
            new LeaderCalls(trapline)
                    .untilItIs(leader -> leader.drainNode(
                            DrainNodeRequest.newBuilder().setNode(node).build()));
            long endNanos = System.nanoTime() + timeout.toNanos();
            String said = "";
            try (TraplineConnection connection = trapline.connection()) {
                while (true) {
                    Node now = find(connection, node);
                    String text = text(now);
                    if (!text.equals(said)) {
                        trapline.console().line(text);
                        said = text;
                    }
                    boolean isOver = !now.getDraining() || isDone(now) || System.nanoTime() - endNanos >= 0;
                    if (!waits || isOver) {
                        trapline.console().record(record(now));
                        return !waits || (now.getDraining() && isDone(now)) ? ExitCode.DONE : ExitCode.CHECK_FAILED;
                    }
                    Thread.sleep(LOOK_EVERY);
                }
            }
        }
    }

    /** {@code node undrain}. */
    @Command(
            name = "undrain",
            description = {
                "End the drain of a node: it can be given things again. What has gone elsewhere stays there. To say it again is no error."
            },
            footer = {"", "Example:", "  trapline node undrain n2"})
    static final class Undrain implements Callable<Integer> {
        @ParentCommand
        private ProcessCommands.Node group;

        @Parameters(paramLabel = "NODE", description = "The node's id.")
        private String node;

        @Override
        public Integer call() throws BadInput, IOException, StartException {
            checkName(node);
            TraplineCommand trapline = group.trapline();
            new LeaderCalls(trapline)
                    .untilItIs(leader -> leader.undrainNode(
                            UndrainNodeRequest.newBuilder().setNode(node).build()));
            try (TraplineConnection connection = trapline.connection()) {
                Node now = find(connection, node);
                trapline.console().line(text(now));
                trapline.console().record(record(now));
            }
            return ExitCode.DONE;
        }
    }

    private static void checkName(String node) throws BadInput {
        if (node.isEmpty()) {
            throw new BadInput("NODE is empty");
        }
    }

    /** The leader has just known it; nodes are never forgotten. */
    private static Node find(TraplineConnection connection, String node) {
        return connection.cluster().nodes().stream()
                .filter(each -> each.getId().equals(node))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("node " + node + " is in no list of nodes"));
    }

    private static boolean isDone(Node node) {
        return node.getShards() == 0 && node.getBackups() == 0 && node.getServers() == 0;
    }

    private static String text(Node node) {
        if (!node.getDraining()) {
            return node.getId() + ": not drained";
        }
        if (isDone(node)) {
            return node.getId() + ": drained";
        }
        String left = node.getId() + ": draining, " + node.getShards() + " shards, " + node.getBackups() + " backups, "
                + node.getServers() + " servers left";
        return node.getPagesWithoutRoom() == 0 ? left : left + "; no room for " + node.getPagesWithoutRoom() + " pages";
    }

    private static Json record(Node node) {
        return Json.object()
                .put("node", node.getId())
                .put("draining", node.getDraining())
                .put("drained", node.getDraining() && isDone(node))
                .put("shards", node.getShards())
                .put("backups", node.getBackups())
                .put("servers", node.getServers())
                .put("pages_without_room", node.getPagesWithoutRoom());
    }
}
