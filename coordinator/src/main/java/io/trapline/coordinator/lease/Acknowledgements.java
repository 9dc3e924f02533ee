package io.trapline.coordinator.lease;

import io.trapline.internal.v1.SessionActivity;
import io.trapline.model.Limit;
import io.trapline.model.Pure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Up to which of their calls clients have all answers, as one node or another has heard (section E): gathered, and told to all nodes once a second, since the answers of a
 * session may be kept at any. It is no part of the registry. What is lost with a leadership or a stream is kept for longer, and no shard forgets too much by it.
 */
@Pure
final class Acknowledgements {
    static final Duration EVERY = Duration.ofSeconds(1);
    static final int MOST_IN_A_MESSAGE = 4_096;

    private final SortedMap<Long, Long> through = new TreeMap<>();
    private long toldNanos;
    private boolean hasTold;

    /** A node has heard that. */
    void heard(SessionActivity said) {
        int count = Math.min(said.getSessionsCount(), said.getAcknowledgedThroughCount());
        for (int i = 0; i < count; i++) {
            if (through.size() < Limit.MAX_SESSIONS.value() || through.containsKey(said.getSessions(i))) {
                through.merge(said.getSessions(i), said.getAcknowledgedThrough(i), Math::max);
            }
        }
    }

    /** What every node is to be told now, once. */
    List<SessionActivity> take(long nowNanos) {
        if (through.isEmpty() || (hasTold && nowNanos - toldNanos < EVERY.toNanos())) {
            return List.of();
        }
        hasTold = true;
        toldNanos = nowNanos;
        List<SessionActivity> told = new ArrayList<>();
        SessionActivity.Builder next = SessionActivity.newBuilder();
        for (var each : through.entrySet()) {
            next.addSessions(each.getKey()).addAcknowledgedThrough(each.getValue());
            if (next.getSessionsCount() == MOST_IN_A_MESSAGE) {
                told.add(next.build());
                next.clear();
            }
        }
        if (next.getSessionsCount() > 0) {
            told.add(next.build());
        }
        through.clear();
        return told;
    }
}
