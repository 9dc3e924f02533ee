package io.trapline.process;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Looks every so often what a process is doing, and tells of each change. */
final class StateWatch implements AutoCloseable {
    private static final Duration EVERY = Duration.ofMillis(50);

    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread watching = new Thread(work, "state");
        watching.setDaemon(true);
        return watching;
    });
    private final Supplier<ProcessState> now;
    private final Consumer<ProcessState> listener;
    private @Nullable ProcessState last;

    private StateWatch(Supplier<ProcessState> now, Consumer<ProcessState> listener) {
        this.now = now;
        this.listener = listener;
    }

    static StateWatch start(Supplier<ProcessState> now, Consumer<ProcessState> listener) {
        StateWatch watch = new StateWatch(now, listener);
        var _ = watch.thread.scheduleWithFixedDelay(watch::look, 0, EVERY.toMillis(), TimeUnit.MILLISECONDS);
        return watch;
    }

    private void look() {
        ProcessState state = now.get();
        if (state != last) {
            last = state;
            listener.accept(state);
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
