package io.trapline.coordinator.raft;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/**
 * Which replica this is.
 *
 * @param dataDirectory where it keeps its log; one process at a time
 * @param bootstrap form a cluster where the directory is empty
 * @param clusterId which cluster this is a part of; empty in a group of one, which makes one up
 * @param id its peer id, one of {@code peers}
 * @param peers all replicas: 1, 3 or 5
 * @param snapshotEvery log entries between two snapshots
 */
public record ReplicaConfig(
        Path dataDirectory,
        boolean bootstrap,
        Optional<UUID> clusterId,
        String id,
        List<Peer> peers,
        long snapshotEvery) {
    private static final long SNAPSHOT_EVERY = 20_000;

    public ReplicaConfig {
        Objects.requireNonNull(dataDirectory, "dataDirectory");
        peers = List.copyOf(peers);
        if (peers.size() != 1 && peers.size() != 3 && peers.size() != 5) {
            throw new IllegalArgumentException("peers = " + peers.size() + ": 1, 3 or 5");
        }
        if (peers.size() > 1 && clusterId.isEmpty()) {
            throw new IllegalArgumentException("clusterId: the peers of a group agree on one");
        }
        if (peers.stream().noneMatch(peer -> peer.id().equals(id))) {
            throw new IllegalArgumentException("id = " + id + ": not one of the peers");
        }
    }

    /**
     * One replica.
     *
     * @param id unique in the cluster and never used again
     * @param host where the others reach it
     * @param port the same; 0 in a group of one
     */
    public record Peer(String id, String host, int port) {}

    /** A group of one on this machine: nobody else calls it. */
    public static ReplicaConfig alone(Path dataDirectory, boolean bootstrap) {
        return new ReplicaConfig(
                dataDirectory,
                bootstrap,
                Optional.empty(),
                "c1",
                List.of(new Peer("c1", "127.0.0.1", 0)),
                SNAPSHOT_EVERY);
    }

    /** The same with another number of entries between two snapshots. */
    public ReplicaConfig withSnapshotEvery(long entries) {
        return new ReplicaConfig(dataDirectory, bootstrap, clusterId, id, peers, entries);
    }

    Peer self() {
        return peers.stream().filter(peer -> peer.id().equals(id)).findFirst().orElseThrow();
    }
}
