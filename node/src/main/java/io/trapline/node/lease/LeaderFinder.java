package io.trapline.node.lease;

import io.trapline.model.Pure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which coordinators a node opens a stream to, and when (D-6). It knows of the leader only what grants say. While nobody grants it tries the
 * last leader, then those that were named as leading, the newest first, then those that the last leader counted as coordinators, then the configured ones in
 * order: one more every {@link #NEXT_AFTER}, all that are tried side by side. The old leader's stream is kept until another has granted.
 *
 * <p>Times are nanoseconds of one monotonic clock.
 */
@Pure
public final class LeaderFinder {
    /** {@link #nextStep} while nothing is due. */
    public static final long NEVER = Long.MAX_VALUE;

    private static final long NEXT_AFTER = Duration.ofMillis(50).toNanos();
    private static final long FIRST_BACKOFF = Duration.ofMillis(50).toNanos();
    private static final long LONGEST_BACKOFF = Duration.ofMillis(400).toNanos();
    private static final int MOST_HINTS = 16;
    /** While five are replaced by five others. */
    private static final int MOST_MEMBERS = 10;

    /** An address whose streams have ended: how often in a row, and when it may be tried again. */
    private record Failed(int times, long notBefore) {}

    private final List<String> configured;
    private final long silenceNanos;
    private final List<String> hints = new ArrayList<>();
    private List<String> members = List.of();
    private final Set<String> open = new LinkedHashSet<>();
    private final Map<String, Failed> failed = new HashMap<>();
    private @Nullable String leader;
    private boolean searching = true;
    private long nextTry;
    private long grantedAt;

    /**
     * One that knows of nobody yet.
     *
     * @param configured addresses, at least one
     * @param silence for how long a leader may grant nothing before others are asked
     */
    public LeaderFinder(List<String> configured, Duration silence, long nowNanos) {
        if (configured.isEmpty()) {
            throw new IllegalArgumentException("a node needs the address of a coordinator");
        }
        this.configured = List.copyOf(configured);
        silenceNanos = silence.toNanos();
        nextTry = nowNanos;
    }

    /** The addresses to which a stream is to be opened now; each counts as open until {@link #lost}. */
    public List<String> step(long nowNanos) {
        if (!searching && nowNanos - grantedAt >= silenceNanos) {
            searching = true;
            nextTry = nowNanos;
        }
        if (!searching || nowNanos < nextTry) {
            return List.of();
        }
        for (String address : candidates()) {
            if (!open.contains(address) && notBefore(address) <= nowNanos) {
                open.add(address);
                nextTry = nowNanos + NEXT_AFTER;
                return List.of(address);
            }
        }
        return List.of();
    }

    /** When {@link #step} is due next. */
    public long nextStep() {
        if (!searching) {
            return grantedAt + silenceNanos;
        }
        long next = NEVER;
        for (String address : candidates()) {
            if (!open.contains(address)) {
                next = Math.min(next, Math.max(nextTry, notBefore(address)));
            }
        }
        return next;
    }

    /**
     * A stream has ended, or could not be opened.
     *
     * @param named the leader's address, if it said so; else empty
     */
    public void lost(long nowNanos, String address, String named) {
        open.remove(address);
        int times = failed.containsKey(address) ? failed.get(address).times + 1 : 1;
        long backoff = Math.min(LONGEST_BACKOFF, FIRST_BACKOFF << Math.min(times - 1, 4));
        failed.put(address, new Failed(times, nowNanos + backoff));
        if (!named.isEmpty() && !named.equals(address)) {
            hints.remove(named);
            hints.addFirst(named);
            if (hints.size() > MOST_HINTS) {
                hints.removeLast();
            }
            nextTry = Math.min(nextTry, nowNanos);
        }
        if (address.equals(leader)) {
            searching = true;
            nextTry = nowNanos;
        }
    }

    /** A coordinator grants: it is the leader now. Returns the other open streams, which are to be closed and do not count any more. */
    public List<String> granted(long nowNanos, String address) {
        leader = address;
        grantedAt = nowNanos;
        searching = false;
        failed.clear();
        List<String> others =
                open.stream().filter(other -> !other.equals(address)).toList();
        open.retainAll(Set.of(address));
        return others;
    }

    /** Whoever grants says where the coordinators of now are; those that were configured may all have been replaced since. */
    public void members(List<String> addresses) {
        members = addresses.stream().limit(MOST_MEMBERS).toList();
    }

    /** The last leader, of which nothing is heard any more; empty = there is none, or it is heard. */
    public String silentLeader() {
        String last = leader;
        return searching && last != null ? last : "";
    }

    private Set<String> candidates() {
        Set<String> candidates = new LinkedHashSet<>();
        if (leader != null) {
            candidates.add(leader);
        }
        candidates.addAll(hints);
        candidates.addAll(members);
        candidates.addAll(configured);
        return candidates;
    }

    private long notBefore(String address) {
        Failed failure = failed.get(address);
        return failure == null ? Long.MIN_VALUE : failure.notBefore;
    }
}
