package io.trapline.cli;

import io.trapline.cli.failover.Rehearsal;
import io.trapline.embedded.TemporaryDirectory;
import java.io.PrintWriter;
import java.io.Writer;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/** {@code rehearse}: what {@code ./trapline} runs once a build, to keep what the JVM learns from it for the processes of clusters. */
@Command(
        name = "rehearse",
        hidden = true,
        description = {
            "Run a small cluster in this process, let a demo, some changes of leader and some deaths of nodes happen, and end.",
            "With -XX:AOTCacheOutput=FILE the JVM keeps what it has learnt; processes with -XX:AOTCache=FILE begin with it."
        },
        footer = {"", "Example:", "  trapline rehearse"})
final class RehearseCommand implements Callable<Integer> {
    private static final int LEADER_CHANGES = 4;
    private static final int NODE_KILLS = 1;
    private static final String ACCESSES = "20000";

    @ParentCommand
    private TraplineCommand trapline;

    @Override
    public Integer call() throws Exception {
        PrintWriter nowhere = new PrintWriter(Writer.nullWriter());
        try (TemporaryDirectory data = TemporaryDirectory.create(true)) {
            return Rehearsal.run(
                    LEADER_CHANGES,
                    NODE_KILLS,
                    data.path(),
                    address -> new TraplineCommand(nowhere, nowhere, false, trapline.interrupt())
                            .execute("demo", "--connect", address, "--accesses", ACCESSES));
        }
    }
}
