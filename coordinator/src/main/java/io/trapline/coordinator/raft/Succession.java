package io.trapline.coordinator.raft;

import io.trapline.model.Pure;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;

/**
 * Who stands for election when the leader's process has ended: its followers, one after the other, in the order of their ids. So their votes
 * are not split; and where one of them cannot win, as its log is behind, the next one tries.
 */
@Pure
final class Succession {
    /** More than an election takes. */
    static final Duration APART = Duration.ofMillis(150);

    private Succession() {}

    /**
     * How long after the leader's end a replica stands; empty = it does not.
     *
     * @param peers the ids of the configuration
     */
    static Optional<Duration> standsAfter(String self, String leader, Collection<String> peers) {
        if (!peers.contains(self) || !peers.contains(leader) || self.equals(leader)) {
            return Optional.empty();
        }
        long before = peers.stream()
                .distinct()
                .filter(peer -> !peer.equals(leader) && peer.compareTo(self) < 0)
                .count();
        return Optional.of(APART.multipliedBy(before));
    }
}
