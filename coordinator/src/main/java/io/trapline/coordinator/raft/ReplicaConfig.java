package io.trapline.coordinator.raft;

import io.trapline.model.Pure;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/**
 * Which replica this is.
 *
 * @param dataDirectory where it keeps its log; one process at a time
 * @param told what to do where the directory is empty; does nothing where it is not
 * @param clusterId which cluster this is a part of; empty = whichever the directory is of, and in a new group of one, one that it makes up
 * @param id its peer id, one of {@code peers}; the directory belongs to it for ever
 * @param peers this replica and the others: to form a cluster all of them, 1, 3 or 5; to join one, those that can be asked; afterwards
 *     what the cluster's configuration says counts
 * @param listen where it listens for the others, where they connect to another address; empty = the same
 * @param snapshotEvery log entries between two snapshots
 */
public record ReplicaConfig(
        Path dataDirectory,
        Admission.Told told,
        Optional<UUID> clusterId,
        String id,
        List<Peer> peers,
        Optional<InetSocketAddress> listen,
        long snapshotEvery) {
    private static final long SNAPSHOT_EVERY = 20_000;

    public ReplicaConfig {
        Objects.requireNonNull(dataDirectory, "dataDirectory");
        peers = List.copyOf(peers);
        if (told != Admission.Told.JOIN && peers.size() != 1 && peers.size() != 3 && peers.size() != 5) {
            throw new IllegalArgumentException("peers = " + peers.size() + ": 1, 3 or 5");
        }
        if (told != Admission.Told.RESUME && (peers.size() > 1 || told == Admission.Told.JOIN) && clusterId.isEmpty()) {
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
     * @param host where the others reach its log
     * @param port the same; 0 in a group of one
     * @param services where its services are, {@code host:port}; empty in a group of one that nobody is sent to
     */
    @Pure
    public record Peer(String id, String host, int port, String services) {
        /** By the id, which says most of it: for the one that records have, the JVM writes classes while a process starts. */
        @Override
        public int hashCode() {
            return id.hashCode();
        }
    }

    /** One of several, which keeps {@link #SNAPSHOT_EVERY} entries between two snapshots. */
    public static ReplicaConfig of(
            Path dataDirectory, Admission.Told told, Optional<UUID> clusterId, String id, List<Peer> peers) {
        return new ReplicaConfig(dataDirectory, told, clusterId, id, peers, Optional.empty(), SNAPSHOT_EVERY);
    }

    /** A group of one on this machine: nobody else calls it. */
    public static ReplicaConfig alone(Path dataDirectory, boolean bootstrap) {
        return of(
                dataDirectory,
                bootstrap ? Admission.Told.BOOTSTRAP : Admission.Told.RESUME,
                Optional.empty(),
                "c1",
                List.of(new Peer("c1", "127.0.0.1", 0, "")));
    }

    /** The same with another number of entries between two snapshots. */
    public ReplicaConfig withSnapshotEvery(long entries) {
        return new ReplicaConfig(dataDirectory, told, clusterId, id, peers, listen, entries);
    }

    /** The same with another port to listen on than the one that others connect to. */
    public ReplicaConfig withListenPort(int port) {
        return listeningOn(InetSocketAddress.createUnresolved(self().host(), port));
    }

    /** The same where nobody reaches it. */
    ReplicaConfig unreachable() {
        return listeningOn(InetSocketAddress.createUnresolved("127.0.0.1", 0));
    }

    private ReplicaConfig listeningOn(InetSocketAddress address) {
        return new ReplicaConfig(dataDirectory, told, clusterId, id, peers, Optional.of(address), snapshotEvery);
    }

    /** Whether others can be told where this replica is. */
    boolean hasAddress() {
        return listen.isPresent() || self().port() != 0;
    }

    /** Where it listens for the others; port 0 = any. */
    InetSocketAddress listens() {
        return listen.orElseGet(() -> InetSocketAddress.createUnresolved(self().host(), self().port()));
    }

    Peer self() {
        return peers.stream().filter(peer -> peer.id().equals(id)).findFirst().orElseThrow();
    }
}
