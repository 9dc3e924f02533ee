package io.trapline.client;

import io.trapline.model.Pure;
import java.util.TreeSet;

/**
 * Numbers the calls of one client session and says up to which number every answer is here (section E). Not thread-safe.
 * Invariant: a number that is not done is above {@link #acknowledgedThrough}.
 */
@Pure
final class RequestNumbers {
    private final TreeSet<Long> outstanding = new TreeSet<>();
    private long last;

    /** The number of the next call, 1 and up. */
    long next() {
        last++;
        outstanding.add(last);
        return last;
    }

    /** The call has its answer, or nobody will ask for it again. */
    void done(long number) {
        outstanding.remove(number);
    }

    /** Every call up to this number is done; 0 at first. */
    long acknowledgedThrough() {
        return outstanding.isEmpty() ? last : outstanding.first() - 1;
    }

    /** How many answers Trapline may have to keep: from the oldest call that is not done to the newest. */
    long span() {
        return last - acknowledgedThrough();
    }

    /** Whether no call is under way. */
    boolean isIdle() {
        return outstanding.isEmpty();
    }
}
