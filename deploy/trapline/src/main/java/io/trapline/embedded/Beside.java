package io.trapline.embedded;

import io.trapline.server.StartException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Something that is made on a thread of its own while who needs it does something else. */
final class Beside<T> {
    /** Makes it. */
    interface Making<T> {
        T make() throws StartException;
    }

    private final CompletableFuture<T> made;

    private Beside(CompletableFuture<T> made) {
        this.made = made;
    }

    /** Begins to make it. */
    static <T> Beside<T> begin(String thread, Making<T> making) {
        return new Beside<>(CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return making.make();
                    } catch (StartException cannot) {
                        throw new CompletionException(cannot);
                    }
                },
                task -> Thread.ofPlatform().name(thread).daemon().start(task)));
    }

    /** Waits until it is made, also where this thread is interrupted: whoever has it made has to close it. Throws what its making threw. */
    T join() throws StartException {
        try {
            return made.join();
        } catch (CompletionException failed) {
            switch (failed.getCause()) {
                case StartException cannot -> throw new StartException(String.valueOf(cannot.getMessage()), cannot);
                case RuntimeException bug -> throw bug;
                case Error broken -> throw broken;
                case null, default -> throw failed;
            }
        }
    }
}
