package io.trapline.cli.failover;

import io.trapline.client.DomainRef;
import io.trapline.client.TraplineConnection;
import io.trapline.process.InProcessCluster;
import io.trapline.server.StartException;
import io.trapline.v1.Domain;
import io.trapline.v1.DomainMemory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A small cluster in one process that loses its leaders and its nodes: what a JVM has done here once, it need not learn while guests wait. */
public final class Rehearsal {
    private static final int COORDINATORS = 3;
    private static final int NODES = 3;
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration SETTLED = Duration.ofMillis(100);

    private Rehearsal() {}

    /** What else is to be done there. */
    public interface Scene {
        /** {@code address}: of a node. Its exit code. */
        int play(String address);
    }

    /**
     * Runs it.
     *
     * @param leaderChanges how often the leader ends under callers
     * @param nodeKills how often a shard's primary, and then an emulator's node, ends under a guest
     * @param data an empty directory
     * @return the exit code of the scene
     */
    public static int run(int leaderChanges, int nodeKills, Path data, Scene scene)
            throws StartException, InterruptedException {
        try (InProcessCluster cluster = InProcessCluster.start(COORDINATORS, NODES, data);
                TraplineConnection connection = TraplineConnection.builder()
                        .addresses(cluster.addresses())
                        .timeout(PATIENCE)
                        .build()) {
            int exit = scene.play(cluster.firstNode());
            Domain domain = connection.domains().create(16, 1, DomainMemory.DOMAIN_MEMORY_VOLATILE);
            try (PacedGuest guest = PacedGuest.start(connection.channel(), domain.getDomid());
                    Claimer claimer = Claimer.start(connection, DomainRef.of(domain))) {
                for (int i = 0; i < leaderChanges; i++) {
                    InProcessCluster.Stopped stopped = cluster.abandonLeader();
                    claimer.forget();
                    var _ = claimer.firstAfter(System.nanoTime());
                    stopped.startAgain();
                    cluster.awaitUp();
                }
                var _ = guest.take();
            }
            for (NodeKills.Victim victim : NodeKills.Victim.values()) {
                NodeKills kills = new NodeKills(victim, new InOneProcess(cluster), connection, SETTLED);
                for (int i = 0; i < nodeKills; i++) {
                    var _ = kills.killOne(said -> {});
                }
            }
            return exit;
        }
    }

    /** Its nodes; one at a time has ended. */
    private static final class InOneProcess implements NodeKills.Nodes {
        private final InProcessCluster cluster;
        private InProcessCluster.@Nullable Stopped stopped;

        InOneProcess(InProcessCluster cluster) {
            this.cluster = cluster;
        }

        @Override
        public void awaitAllUp() throws StartException, InterruptedException {
            cluster.awaitUp();
        }

        @Override
        public void kill(String id) {
            stopped = cluster.abandonNode(id);
        }

        @Override
        public void startAgain(String id) throws StartException {
            Objects.requireNonNull(stopped, "nothing was killed").startAgain();
        }
    }
}
