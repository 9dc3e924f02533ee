package io.trapline.client;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * How a guest's accesses are sent.
 *
 * @param executor where {@link AnswerListener}s and the dependents of futures run, one batch at a time; null = a thread of its own.
 *     {@link #onStreamThread} saves the way to another thread where callbacks never block
 * @param defaultTimeout the timeout of accesses that name none, as the domain has it: how long EAGAIN is tried again (A5)
 */
public record GuestOptions(@Nullable Executor executor, Duration defaultTimeout) {
    private static final Executor DIRECT = Runnable::run;

    public GuestOptions {
        Objects.requireNonNull(defaultTimeout, "defaultTimeout");
    }

    /** A thread of its own, 30 s. */
    public static GuestOptions defaults() {
        return new GuestOptions(null, Duration.ofSeconds(30));
    }

    /** The same with callbacks on the stream's own thread: the fastest way, for callbacks that never block. */
    public GuestOptions onStreamThread() {
        return new GuestOptions(DIRECT, defaultTimeout);
    }

    static boolean isDirect(Executor executor) {
        return executor.equals(DIRECT);
    }

    /** The same with callbacks there. */
    public GuestOptions withExecutor(Executor newExecutor) {
        return new GuestOptions(newExecutor, defaultTimeout);
    }

    /** The same for a domain with that default timeout. */
    public GuestOptions withDefaultTimeout(Duration newDefaultTimeout) {
        return new GuestOptions(executor, newDefaultTimeout);
    }
}
