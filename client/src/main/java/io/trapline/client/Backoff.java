package io.trapline.client;

import java.util.concurrent.ThreadLocalRandom;

/** How long to wait before the next attempt: 25 ms, doubling to 1 s, each between half and the whole of it. Not thread-safe. */
final class Backoff {
    private static final long FIRST_MILLIS = 25;
    private static final long LONGEST_MILLIS = 1_000;

    private int attempts;

    /** The wait before the next attempt, in milliseconds, at least 1. */
    long nextMillis() {
        long longest = Math.min(LONGEST_MILLIS, FIRST_MILLIS << Math.min(attempts, 10));
        attempts++;
        return ThreadLocalRandom.current().nextLong(longest / 2, longest) + 1;
    }

    /** An attempt succeeded. */
    void reset() {
        attempts = 0;
    }
}
