package io.trapline.coordinator.lease;

import io.trapline.coordinator.registry.UnattendedClaim;
import io.trapline.model.Pure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/**
 * For how long claims have been without an emulator (C6), on the monotonic clock of one leadership; the next one begins anew, so a claim never ends too early.
 *
 * <p>A leader that was stopped was told of no emulator meanwhile: of the time between two steps no more than {@link #LONGEST_STEP} counts.
 */
@Pure
final class GracePeriods {
    static final Duration LONGEST_STEP = Duration.ofMillis(400);
    /** When a release is proposed again of which nothing came. */
    private static final Duration AGAIN = Duration.ofMillis(500);

    private final Map<UnattendedClaim, Spent> spent = new HashMap<>();
    private long lastNanos;
    private boolean hasBegun;

    private static final class Spent {
        private long nanos;
        private long dueNanos;
    }

    /**
     * Time has passed.
     *
     * @param nowNanos on a monotonic clock
     * @param unattended the claims that are without an emulator now; one that was in between is another, by {@link UnattendedClaim#since}
     * @return those whose grace period is over
     */
    List<UnattendedClaim> step(long nowNanos, List<UnattendedClaim> unattended) {
        long passed = hasBegun ? Math.min(nowNanos - lastNanos, LONGEST_STEP.toNanos()) : 0;
        hasBegun = true;
        lastNanos = nowNanos;
        spent.keySet().retainAll(new HashSet<>(unattended));
        List<UnattendedClaim> over = new ArrayList<>();
        for (UnattendedClaim claim : unattended) {
            Spent before = spent.get(claim);
            if (before == null) {
                Spent begins = new Spent();
                begins.dueNanos = Duration.ofMillis(claim.graceMillis()).toNanos();
                spent.put(claim, begins);
            } else {
                before.nanos += passed;
                if (before.nanos >= before.dueNanos) {
                    before.dueNanos = before.nanos + AGAIN.toNanos();
                    over.add(claim);
                }
            }
        }
        return over;
    }
}
