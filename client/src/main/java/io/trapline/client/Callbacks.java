package io.trapline.client;

import org.jspecify.annotations.Nullable;

/**
 * Knows what the current thread is in: a callback of a stream, which must not block since everything else of that connection would
 * stand still, or a device model's handler, which may, except for its own server's drain (F5).
 */
final class Callbacks {
    private static final ThreadLocal<Boolean> STREAM = new ThreadLocal<>();
    private static final ThreadLocal<ServerRef> HANDLER = new ThreadLocal<>();

    private Callbacks() {}

    /** Runs what a stream calls back. */
    static void inStream(Runnable callback) {
        Boolean before = STREAM.get();
        STREAM.set(true);
        try {
            callback.run();
        } finally {
            restore(STREAM, before);
        }
    }

    /** Runs a handler of that server. */
    static void inHandler(ServerRef server, Runnable handler) {
        ServerRef before = HANDLER.get();
        HANDLER.set(server);
        try {
            handler.run();
        } finally {
            restore(HANDLER, before);
        }
    }

    private static <T> void restore(ThreadLocal<T> local, @Nullable T before) {
        if (before == null) {
            local.remove();
        } else {
            local.set(before);
        }
    }

    /** Throws {@link IllegalStateException} in a callback of a stream. */
    static void refuseToBlock(String what) {
        if (STREAM.get() != null) {
            throw new IllegalStateException(what + " would block, and is called from a callback of a stream");
        }
    }

    /** Throws {@link IllegalStateException} in a handler of that server when the drain is waited for: it would wait for itself. */
    static void refuseToDrain(ServerRef server, Drain drain) {
        ServerRef serving = HANDLER.get();
        if (drain.await() && serving != null && serving.sameIdAs(server)) {
            throw new IllegalStateException(
                    "a handler of server " + server.id() + " cannot wait for its own drain: use Drain.NO_WAIT (F5)");
        }
    }
}
