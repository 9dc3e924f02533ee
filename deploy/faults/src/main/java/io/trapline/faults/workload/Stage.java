package io.trapline.faults.workload;

import io.trapline.client.DomainRef;
import io.trapline.faults.history.History;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** What the clients of a workload share. Thread-safe. */
final class Stage {
    final Doors doors;
    final DomainRef domain;
    final History history;
    final AtomicLong guestResumptions = new AtomicLong();
    final AtomicLong emulatorResumptions = new AtomicLong();

    /** One party for each access that is under way, and one for whoever waits for the others. */
    final Phaser recording = new Phaser(1);

    private final AtomicLong lastValue = new AtomicLong();
    private final Queue<Throwable> broken = new ConcurrentLinkedQueue<>();
    private volatile boolean isCalm;
    private volatile boolean isOver;
    private volatile boolean isClosed;

    Stage(Doors doors, DomainRef domain, History history) {
        this.doors = doors;
        this.domain = domain;
        this.history = history;
    }

    int domid() {
        return domain.domid().value();
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

    static void pause(long millis) {
        LockSupport.parkNanos(millis * 1_000_000);
    }
}
