package io.trapline.faults.workload;

import io.trapline.faults.history.History;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** What the clients of a workload share, whatever their domain is. Thread-safe. */
final class Stage {
    private static final long SHORTEST_REST_NANOS = Duration.ofMillis(12).toNanos();

    final Doors doors;
    final History history;
    /** Of a guest, between two accesses. */
    final long longestPauseNanos;
    /** Of who operates a domain, between two calls. */
    final long longestRestNanos;

    final Waiting waiting = new Waiting();
    /** Streams that were resumed because they were lost. */
    final AtomicLong guestResumptions = new AtomicLong();

    final AtomicLong emulatorResumptions = new AtomicLong();
    /** Guests that have gone on at another host by themselves. */
    final AtomicLong hops = new AtomicLong();

    /** One party for each access that is under way, and one for whoever waits for the others. */
    final Phaser recording = new Phaser(1);

    private final AtomicLong lastValue = new AtomicLong();
    private final Queue<Throwable> broken = new ConcurrentLinkedQueue<>();
    private volatile boolean isCalm;
    private volatile boolean isOver;
    private volatile boolean isClosed;

    Stage(Doors doors, History history, Duration longestPause) {
        this.doors = doors;
        this.history = history;
        this.longestPauseNanos = longestPause.toNanos();
        this.longestRestNanos = Math.max(SHORTEST_REST_NANOS, 2 * longestPauseNanos);
    }

    /** One that nobody has written yet. */
    long freshValue() {
        return lastValue.incrementAndGet();
    }

    /** Clients break nothing by themselves any more. */
    void calm() {
        isCalm = true;
    }

    boolean isCalm() {
        return isCalm;
    }

    /** Guests and operators come to an end. */
    void over() {
        isOver = true;
    }

    boolean isOver() {
        return isOver || history.isFull();
    }

    /** Emulators do, too. */
    void close() {
        isClosed = true;
    }

    boolean isClosed() {
        return isClosed;
    }

    /** A client has met what it cannot: a fault of the workload, or of the client library. */
    void broke(Throwable cause) {
        broken.add(cause);
    }

    Queue<Throwable> broken() {
        return broken;
    }

    /** The same, where what it meets that it cannot is kept. */
    Runnable safely(Runnable client) {
        return () -> {
            try {
                client.run();
            } catch (RuntimeException | Error cannot) {
                broke(cannot);
            }
        };
    }

    static void pause(long millis) {
        LockSupport.parkNanos(millis * 1_000_000);
    }
}
