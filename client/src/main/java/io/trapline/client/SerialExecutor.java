package io.trapline.client;

import java.util.ArrayDeque;
import java.util.concurrent.Executor;

/** Runs tasks one after the other on an executor that may have many threads. What waits is bounded by who submits. Thread-safe. */
final class SerialExecutor implements Executor {
    private final Executor executor;
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    private boolean running;

    SerialExecutor(Executor executor) {
        this.executor = executor;
    }

    @Override
    public void execute(Runnable task) {
        synchronized (waiting) {
            waiting.add(task);
            if (running) {
                return;
            }
            running = true;
        }
        executor.execute(this::runWaiting);
    }

    private void runWaiting() {
        while (true) {
            Runnable task;
            synchronized (waiting) {
                task = waiting.poll();
                if (task == null) {
                    running = false;
                    return;
                }
            }
            task.run();
        }
    }
}
