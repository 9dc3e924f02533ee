package io.trapline.cli;

import io.trapline.cli.text.Console;
import io.trapline.cli.text.Count;
import io.trapline.cli.text.Json;
import io.trapline.client.ClaimWatch;
import io.trapline.client.TraplineConnection;
import io.trapline.v1.Claim;
import io.trapline.v1.WatchClaimsResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code watch}: the claims that stand, then every change of one (C8). */
@Command(
        name = "watch",
        description = "Show the claims that stand, then every change of one, until Ctrl-C.",
        footer = {"", "Example:", "  trapline watch 1 --for 5m"})
final class WatchCommand implements Callable<Integer> {
    private static final Duration ASK_AGAIN = Duration.ofMillis(500);

    @ParentCommand
    private TraplineCommand trapline;

    @Parameters(paramLabel = "DOMID", arity = "0..1", description = "The domain; all where it is left out.")
    private @Nullable Integer domid;

    @Option(names = "--for", paramLabel = "DURATION", description = "Stop after so long.")
    private @Nullable Duration limit;

    @Option(names = "--changes", paramLabel = "N", description = "Stop after so many changes.")
    private @Nullable Integer changes;

    @Override
    public Integer call() throws BadInput, InterruptedException {
        Console console = trapline.console();
        if (changes != null && changes == 0) {
            throw new BadInput("--changes is 0, not 1 and up");
        }
        long deadlineNanos = System.nanoTime() + (limit == null ? Long.MAX_VALUE / 2 : limit.toNanos());
        int seen = 0;
        long revision = 0;
        int heardBeginnings = 1;
        boolean caughtUp = false;
        try (TraplineConnection connection = trapline.connection();
                ClaimWatch watch = connection.ioreqServers().watch(domid == null ? null : Input.domain(domid))) {
            checkThatThereIsSomethingToWatch(connection);
            console.note("watching the claims of " + (domid == null ? "all domains" : "domain " + domid)
                    + "; Ctrl-C ends it");
            trapline.interrupt().arm(() -> {});
            while (System.nanoTime() < deadlineNanos
                    && !trapline.interrupt().isRequested()
                    && (changes == null || seen < changes)) {
                Optional<WatchClaimsResponse> next = watch.next(ASK_AGAIN);
                if (next.isEmpty()) {
                    if (watch.beginnings() != heardBeginnings) {
                        // The watch tries for ever; this gives up.
                        connection.cluster().version();
                    }
                    continue;
                }
                heardBeginnings = watch.beginnings();
                for (Claim claim : next.get().getClaimsList()) {
                    console.line(ClaimCommands.describe(claim));
                    console.record(ClaimCommands.json(claim));
                    seen += caughtUp ? 1 : 0;
                }
                revision = next.get().getRevision();
                caughtUp |= next.get().getCaughtUp();
            }
        }
        console.note(new Count(seen) + " changes");
        console.record(Json.object().put("changes", seen).put("revision", revision));
        return ExitCode.DONE;
    }

    /** A watch begins without either, and a mistyped domain would be watched in vain. */
    private void checkThatThereIsSomethingToWatch(TraplineConnection connection) throws BadInput {
        if (domid == null) {
            connection.cluster().version();
        } else {
            connection.domains().describe(Input.domain(domid));
        }
    }
}
