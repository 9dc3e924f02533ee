package io.trapline.coordinator.lease;

import io.trapline.model.Lease;
import io.trapline.model.Pure;
import java.time.Duration;
import java.util.ArrayDeque;

/**
 * Which revision must a node have applied by now? One that is longer behind than a lease is stuck and gets no more leases (D-10): else
 * calls would wait for it for ever. Times are kept in steps of 50 ms, of which each counts from its beginning.
 */
@Pure
final class Owed {
    private static final long STEP_NANOS = Duration.ofMillis(50).toNanos();

    private record Step(long nanos, long revision) {}

    private final ArrayDeque<Step> steps = new ArrayDeque<>();
    private long overdue;

    /** The registry has reached a revision. */
    void reached(long now, long revision) {
        forget(now);
        Step last = steps.peekLast();
        if (last != null && now - last.nanos() < STEP_NANOS) {
            steps.removeLast();
            steps.addLast(new Step(last.nanos(), revision));
        } else {
            steps.addLast(new Step(now, revision));
        }
    }

    /** The greatest revision that was reached more than a lease ago; 0 where none was. */
    long overdue(long now) {
        forget(now);
        return overdue;
    }

    private void forget(long now) {
        Step first = steps.peekFirst();
        while (first != null && now - first.nanos() > Lease.LASTS.toNanos()) {
            overdue = first.revision();
            steps.removeFirst();
            first = steps.peekFirst();
        }
    }
}
