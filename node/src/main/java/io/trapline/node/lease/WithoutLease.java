package io.trapline.node.lease;

import io.trapline.model.Pure;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What a person is told of a node that has no lease for longer than a failover takes: since when, and what each coordinator said last. Times are nanoseconds of one
 * monotonic clock.
 */
@Pure
final class WithoutLease {
    private static final long FIRST_NANOS = Duration.ofSeconds(5).toNanos();
    private static final long AGAIN_NANOS = Duration.ofSeconds(30).toNanos();
    /** Some more may have been named in the course of time. */
    private static final int MOST_REASONS = 8;

    private final Map<String, String> reasons = new TreeMap<>();
    private long sinceNanos;
    private long dueNanos;

    WithoutLease(long nowNanos) {
        serves(nowNanos);
    }

    /** It has a lease. */
    void serves(long nowNanos) {
        sinceNanos = nowNanos;
        dueNanos = nowNanos + FIRST_NANOS;
        reasons.clear();
    }

    /** Why a coordinator gives it none. */
    void refused(String address, String why) {
        if (reasons.size() < MOST_REASONS || reasons.containsKey(address)) {
            reasons.put(address, why);
        }
    }

    /** One line, where it is time for one. */
    Optional<String> due(long nowNanos) {
        if (nowNanos < dueNanos) {
            return Optional.empty();
        }
        dueNanos = nowNanos + AGAIN_NANOS;
        String said = reasons.isEmpty()
                ? "no coordinator has answered"
                : reasons.entrySet().stream()
                        .map(each -> each.getKey() + ": " + each.getValue())
                        .collect(Collectors.joining("; "));
        return Optional.of(
                "no lease for " + Duration.ofNanos(nowNanos - sinceNanos).toSeconds() + " s: " + said);
    }
}
