package io.trapline.coordinator.lease;

import io.trapline.model.Pure;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Predicate;

/**
 * Registrations that came to a coordinator which does not lead, while nobody is known to: they wait here for it to lead, or to learn who
 * does, so that nodes need not ask again and again during an election (D-6). Times are of one monotonic clock, in nanoseconds.
 *
 * @param <R> a registration, with the stream that it came by
 */
@Pure
public final class HeldRegistrations<R> {
    /** For how long one waits at most. */
    public static final Duration LONGEST = Duration.ofMillis(500);

    static final int MOST = 1_024;

    private record Held<R>(R register, String silentLeader, long untilNanos) {}

    private final String self;
    private final Deque<Held<R>> waiting = new ArrayDeque<>();
    private String leader = "";
    private boolean isLeader;

    /** @param self the id of the coordinator */
    public HeldRegistrations(String self) {
        this.self = self;
    }

    /**
     * Takes it, unless who leads is known, or too many wait: then it is to be refused.
     *
     * @param silentLeader the address of the leader that the node hears nothing of any more; empty = it knew none
     */
    public boolean hold(long now, R register, String silentLeader) {
        boolean mayLead = isLeader || leader.isEmpty() || leader.equals(silentLeader);
        if (!mayLead || waiting.size() >= MOST) {
            return false;
        }
        waiting.add(new Held<>(register, silentLeader, now + LONGEST.toNanos()));
        return true;
    }

    /**
     * Somebody leads, perhaps without being ready yet. Returns those that are to be refused: another one than they have lost leads.
     *
     * @param peer its id
     * @param address where its services are; empty = not known
     */
    public List<R> leads(String peer, String address) {
        leader = address;
        isLeader = peer.equals(self);
        List<R> refused = new ArrayList<>();
        if (!isLeader && !address.isEmpty()) {
            waiting.removeIf(held -> {
                boolean isRefused = !held.silentLeader().equals(address);
                if (isRefused) {
                    refused.add(held.register());
                }
                return isRefused;
            });
        }
        return refused;
    }

    /** Those that have waited for long enough, which are to be refused. */
    public List<R> expired(long now) {
        List<R> expired = new ArrayList<>();
        while (!waiting.isEmpty() && now - waiting.getFirst().untilNanos() >= 0) {
            expired.add(waiting.removeFirst().register());
        }
        return expired;
    }

    /** All of them: this coordinator leads, or comes to its end. */
    public List<R> takeAll() {
        List<R> all = waiting.stream().map(Held::register).toList();
        waiting.clear();
        return all;
    }

    /** Those wait no more: their nodes have ended their streams. */
    public void gone(Predicate<R> ended) {
        waiting.removeIf(held -> ended.test(held.register()));
    }
}
