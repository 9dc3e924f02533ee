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
 * @param followsRoute whether the guest goes on at the node that has its domain's pages, once one names that and it can be reached
 */
public record GuestOptions(@Nullable Executor executor, Duration defaultTimeout, boolean followsRoute) {
    private static final Executor DIRECT = Runnable::run;

    public GuestOptions {
        Objects.requireNonNull(defaultTimeout, "defaultTimeout");
    }

    /** A thread of its own, 30 s, at the node that has the domain's pages. */
    public static GuestOptions defaults() {
        return new GuestOptions(null, Duration.ofSeconds(30), true);
    }

    /** The same with callbacks on the stream's own thread: the fastest way, for callbacks that never block. */
    public GuestOptions onStreamThread() {
        return new GuestOptions(DIRECT, defaultTimeout, followsRoute);
    }

    static boolean isDirect(Executor executor) {
        return executor.equals(DIRECT);
    }

    /** The same with callbacks there. */
    public GuestOptions withExecutor(Executor newExecutor) {
        return new GuestOptions(newExecutor, defaultTimeout, followsRoute);
    }

    /** The same for a domain with that default timeout. */
    public GuestOptions withDefaultTimeout(Duration newDefaultTimeout) {
        return new GuestOptions(executor, newDefaultTimeout, followsRoute);
    }

    /** The same for a guest that stays at the connection's address, whatever node that leads to. */
    public GuestOptions withoutRoute() {
        return new GuestOptions(executor, defaultTimeout, false);
    }
}
