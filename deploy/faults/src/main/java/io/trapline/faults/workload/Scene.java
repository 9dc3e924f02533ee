package io.trapline.faults.workload;

import io.trapline.client.DomainRef;
import io.trapline.faults.history.History;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** One domain of a workload, for the clients that are at it. Thread-safe. */
final class Scene {
    final Stage stage;
    final History history;
    final DomainRef domain;
    /** Types that a server of it may hold. */
    final AtomicInteger held = new AtomicInteger();

    private final int number;
    private volatile boolean isOver;
    private volatile boolean isClosed;

    /** {@code number}: the domain's name in the history, which no other life of its id has. */
    Scene(Stage stage, DomainRef domain, int number) {
        this.stage = stage;
        this.history = stage.history;
        this.domain = domain;
        this.number = number;
    }

    /** As it is called in the history. */
    int domid() {
        return number;
    }

    /** Guests and operators of it come to an end. */
    void over() {
        isOver = true;
    }

    boolean isOver() {
        return isOver || stage.isOver();
    }

    /** Emulators of it do, too. */
    void close() {
        isClosed = true;
    }

    boolean isClosed() {
        return isClosed || stage.isClosed();
    }

    /** Somebody at it waits; {@code what} as in {@link Waiting#begin}. */
    Waiting.Until waits(Supplier<String> what) {
        return stage.waiting.begin(() -> "domain " + number + ": " + what.get());
    }
}
