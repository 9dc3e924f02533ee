package io.trapline.coordinator.raft;

import io.trapline.model.Pure;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Who leads next. When the leader's process has ended, who stands for election: of its followers the one whose log has most, at once; the others one after
 * the other, for where that one ends too. A vote goes only to who has at least the voter's log (Raft, 5.4.1), and a vote that was refused
 * has begun a term, in which nobody stands before an election timeout is over; so the logs are compared first, and the votes are not split. A leader that
 * leaves on purpose names its successor instead.
 */
@Pure
public final class Succession {
    /** More than an election takes. */
    static final Duration APART = Duration.ofMillis(150);

    /** Some heartbeats. */
    private static final Duration LATELY = Duration.ofMillis(500);

    /** So long has each to whom a leader hands over to catch up and to be elected. */
    public static final Duration EACH = Duration.ofMillis(600);

    private Succession() {}

    /** The end of a log. */
    record Last(long term, long index) implements Comparable<Last> {
        private static final Comparator<Last> BY_VOTE =
                Comparator.comparingLong(Last::term).thenComparingLong(Last::index);

        @Override
        public int compareTo(Last other) {
            return BY_VOTE.compare(this, other);
        }
    }

    /**
     * How long after the leader's end a replica stands; empty = it does not.
     *
     * @param peers the ids of the configuration
     * @param own the end of its log
     * @param others the ends of the logs of those that have answered; who has not is taken for one with the same log
     */
    static Optional<Duration> standsAfter(
            String self, String leader, Collection<String> peers, Last own, Map<String, Last> others) {
        if (!peers.contains(self) || !peers.contains(leader) || self.equals(leader)) {
            return Optional.empty();
        }
        long before = peers.stream()
                .distinct()
                .filter(peer -> !peer.equals(leader) && !peer.equals(self))
                .filter(peer -> isBefore(peer, others.getOrDefault(peer, own), self, own))
                .count();
        return Optional.of(APART.multipliedBy(before));
    }

    /**
     * A follower, as its leader knows it.
     *
     * @param silentMillis since it was last heard of
     * @param committed the last entry that it knows to be committed
     */
    public record Follower(String id, long silentMillis, long committed) {}

    /** To whom a leader hands over, best first: who was heard of lately before who may be gone, and of them who has most. */
    public static List<String> successors(Collection<Follower> followers) {
        return followers.stream()
                .sorted(Comparator.comparing((Follower follower) -> follower.silentMillis() > LATELY.toMillis())
                        .thenComparing(Follower::committed, Comparator.reverseOrder())
                        .thenComparing(Follower::id))
                .map(Follower::id)
                .toList();
    }

    private static boolean isBefore(String peer, Last last, String self, Last own) {
        int more = last.compareTo(own);
        return more > 0 || (more == 0 && peer.compareTo(self) < 0);
    }
}
