package io.trapline.coordinator.raft;

import io.trapline.coordinator.raft.ReplicaConfig.Peer;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks the other coordinators' names up again and again, since a connection that stands may lead to where a name led once, and to whoever is there now.
 * Thread-safe.
 */
final class PeerAddresses implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PeerAddresses.class);
    private static final Duration EVERY = Duration.ofSeconds(2);

    /** A directory of names. */
    interface Names {
        Set<String> addresses(String host) throws UnknownHostException;
    }

    private final Names names;
    private final Duration every;
    private final Consumer<String> moved;
    private final Map<Peer, Thread> lookups = new HashMap<>();
    private boolean isClosed;

    /** @param moved is told the id of one whose name leads elsewhere now, on a thread for each */
    PeerAddresses(Consumer<String> moved) {
        this(PeerAddresses::lookedUp, EVERY, moved);
    }

    PeerAddresses(Names names, Duration every, Consumer<String> moved) {
        this.names = names;
        this.every = every;
        this.moved = moved;
    }

    private static Set<String> lookedUp(String host) throws UnknownHostException {
        return Arrays.stream(InetAddress.getAllByName(host))
                .map(InetAddress::getHostAddress)
                .collect(Collectors.toUnmodifiableSet());
    }

    /** Looks those up from now on, and nobody else. */
    synchronized void follow(List<Peer> peers) {
        Set<Peer> wanted = isClosed ? Set.of() : Set.copyOf(peers);
        lookups.entrySet().removeIf(lookup -> {
            boolean isDropped = !wanted.contains(lookup.getKey());
            if (isDropped) {
                lookup.getValue().interrupt();
            }
            return isDropped;
        });
        for (Peer peer : wanted) {
            lookups.computeIfAbsent(
                    peer,
                    each -> Thread.ofVirtual().name("addresses-of-" + each.id()).start(() -> watch(each)));
        }
    }

    private void watch(Peer peer) {
        Set<String> last = Set.of();
        try {
            while (!Thread.currentThread().isInterrupted()) {
                Set<String> now = now(peer);
                if (!last.isEmpty() && !now.isEmpty() && !now.equals(last)) {
                    LOG.info("coordinator {} is at {} now, was at {}", peer.id(), now, last);
                    moved.accept(peer.id());
                }
                last = now.isEmpty() ? last : now;
                Thread.sleep(every);
            }
        } catch (InterruptedException over) {
            Thread.currentThread().interrupt();
        }
    }

    /** Empty where nobody knows the name, as while its host is away. */
    private Set<String> now(Peer peer) {
        try {
            return names.addresses(peer.host());
        } catch (UnknownHostException unknown) {
            LOG.debug("nobody knows where {} is", peer, unknown);
            return Set.of();
        }
    }

    @Override
    public synchronized void close() {
        isClosed = true;
        follow(List.of());
    }
}
