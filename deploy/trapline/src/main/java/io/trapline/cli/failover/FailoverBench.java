package io.trapline.cli.failover;

import io.trapline.client.DomainRef;
import io.trapline.client.TraplineConnection;
import io.trapline.server.StartException;
import io.trapline.v1.Domain;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.Node;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Kills the leading coordinator of a cluster of separate processes, again and again, under a guest and a caller that claims. */
public final class FailoverBench {
    private static final int NODES = 2;
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    /** A lease and what confirms it: whoever was to notice has. */
    private static final Duration SETTLED = Duration.ofMillis(2_500);

    private final Consumer<String> progress;

    private FailoverBench(Consumer<String> progress) {
        this.progress = progress;
    }

    /**
     * What one kill did.
     *
     * @param failover from the kill to the next claim that was granted
     * @param guestUnavailable how many EAGAIN the guest was answered, or 1 where its stream ended
     * @param guestStall the longest that one access of the guest took
     */
    public record Kill(Duration failover, int guestUnavailable, Duration guestStall) {}

    /** Runs it in that directory, which must be empty. */
    public static List<Kill> run(int kills, Path data, String mainClass, Consumer<String> progress)
            throws StartException, InterruptedException {
        FailoverBench bench = new FailoverBench(progress);
        try (Victims victims = Victims.start(NODES, data, mainClass);
                TraplineConnection connection = TraplineConnection.builder()
                        .addresses(victims.addresses())
                        .timeout(PATIENCE)
                        .build()) {
            return bench.killAll(kills, victims, connection);
        }
    }

    private List<Kill> killAll(int kills, Victims victims, TraplineConnection connection)
            throws StartException, InterruptedException {
        Domain domain = connection.domains().create(16, 1, DomainMemory.DOMAIN_MEMORY_VOLATILE);
        DomainRef ref = DomainRef.of(domain);
        List<Kill> done = new ArrayList<>();
        try (TraplineConnection direct = TraplineConnection.to(nodeOf(connection, ref));
                PacedGuest guest = PacedGuest.start(direct.channel(), domain.getDomid());
                Claimer claimer = Claimer.start(connection, ref)) {
            for (int i = 1; i <= kills; i++) {
                victims.awaitAllUp();
                Thread.sleep(SETTLED);
                var _ = guest.take();
                claimer.forget();
                String leader = victims.leader();
                long nanos = System.nanoTime();
                victims.kill(leader);
                Duration failover = claimer.firstAfter(nanos);
                Thread.sleep(SETTLED);
                PacedGuest.Seen seen = guest.take();
                // Not before: a JVM that starts would take the processors from those that elect.
                victims.startAgain(leader);
                done.add(new Kill(failover, seen.unavailable(), seen.longestWait()));
                progress.accept("kill " + i + " of " + kills + ": next claim after " + failover.toMillis()
                        + " ms, guest: " + seen.unavailable() + " unavailable, longest access "
                        + seen.longestWait().toMillis() + " ms");
            }
        }
        return done;
    }

    private static String nodeOf(TraplineConnection connection, DomainRef domain) {
        String primary = connection.domains().describe(domain).getShards(0).getPrimary();
        return connection.cluster().nodes().stream()
                .filter(node -> node.getId().equals(primary))
                .map(Node::getAddress)
                .findFirst()
                .orElseThrow();
    }
}
