package io.trapline.node.registry;

import java.util.concurrent.atomic.AtomicInteger;

/** Runs something when a number of others have run. Any thread. */
final class Countdown implements Runnable {
    private final AtomicInteger left;
    private final Runnable last;

    Countdown(int count, Runnable last) {
        left = new AtomicInteger(count);
        this.last = last;
    }

    @Override
    public void run() {
        if (left.decrementAndGet() == 0) {
            last.run();
        }
    }
}
