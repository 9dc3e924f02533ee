package io.trapline.metrics;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** What a process has said of itself last. It is asked once a scrape, so that all that is said belongs together. */
final class Readings<T> {
    private static final long LONGEST_MILLIS = 2_000;

    private final Supplier<CompletionStage<T>> source;
    private volatile @Nullable T last;

    Readings(Supplier<CompletionStage<T>> source) {
        this.source = source;
    }

    /** Asks. Throws {@link TimeoutException} where it is not answered in time. */
    void refresh() throws InterruptedException, ExecutionException, TimeoutException {
        last = source.get().toCompletableFuture().get(LONGEST_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** One value of what was said last; not a number where nothing was. */
    double value(ToDoubleFunction<T> of) {
        T now = last;
        return now == null ? Double.NaN : of.applyAsDouble(now);
    }
}
