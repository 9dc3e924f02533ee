package io.trapline.faults.workload;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/** Who waits for what in a workload, so that one that comes to no end can say so. Thread-safe. */
final class Waiting {
    private static final int MOST_NAMED = 12;

    private record Wait(long sinceNanos, Supplier<String> what) {}

    private final AtomicLong last = new AtomicLong();
    private final Map<Long, Wait> waits = new ConcurrentHashMap<>();

    /** Somebody waits until this is closed. */
    interface Until extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Somebody begins to wait.
     *
     * @param what who waits for what; asked only if that never comes, on any thread
     */
    Until begin(Supplier<String> what) {
        long number = last.incrementAndGet();
        waits.put(number, new Wait(System.nanoTime(), what));
        return () -> waits.remove(number);
    }

    /** What is waited for now, what has been for longest first, a line each. */
    List<String> longest() {
        long now = System.nanoTime();
        return waits.values().stream()
                .sorted(Comparator.comparingLong(Wait::sinceNanos))
                .limit(MOST_NAMED)
                .map(wait ->
                        wait.what().get() + ", for " + TimeUnit.NANOSECONDS.toMillis(now - wait.sinceNanos()) + " ms")
                .toList();
    }
}
