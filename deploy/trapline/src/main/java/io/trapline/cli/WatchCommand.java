package io.trapline.cli;

import io.trapline.cli.text.Console;
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
        trapline.interrupt().arm(() -> {});
        long deadlineNanos = System.nanoTime() + (limit == null ? Long.MAX_VALUE / 2 : limit.toNanos());
        int seen = 0;
        long revision = 0;
        boolean caughtUp = false;
        try (TraplineConnection connection = trapline.connection();
                ClaimWatch watch = connection.ioreqServers().watch(domid == null ? null : Input.domain(domid))) {
            while (System.nanoTime() < deadlineNanos
                    && !trapline.interrupt().isRequested()
                    && (changes == null || seen < changes)) {
                Optional<WatchClaimsResponse> next = watch.next(ASK_AGAIN);
                if (next.isEmpty()) {
                    continue;
                }
                for (Claim claim : next.get().getClaimsList()) {
                    console.line(ClaimCommands.describe(claim));
                    console.record(ClaimCommands.json(claim));
                    seen += caughtUp ? 1 : 0;
                }
                revision = next.get().getRevision();
                caughtUp |= next.get().getCaughtUp();
            }
        }
        console.record(Json.object().put("changes", seen).put("revision", revision));
        return ExitCode.DONE;
    }
}
