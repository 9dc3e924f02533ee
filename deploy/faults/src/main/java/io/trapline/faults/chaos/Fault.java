package io.trapline.faults.chaos;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * A kind of fault.
 *
 * @param name in small letters with hyphens
 * @param unavailable why it cannot be done here; empty where it can
 * @param lasting how long it is left broken
 */
public record Fault(String name, Optional<String> unavailable, Duration lasting, Injection injection) {
    /** What an effect says where a shard's backup has become its primary. */
    public static final String TOOK_OVER = "another node took over";

    /** How it is done. */
    @FunctionalInterface
    public interface Injection {
        /** Breaks something. */
        Broken inject(SplittableRandom random) throws IOException, InterruptedException;
    }

    /** What is broken now. */
    public interface Broken {
        /** What was hit, for a reader. */
        String target();

        /** Makes it whole again. */
        void heal() throws IOException, InterruptedException;

        /** Whether a node's process comes to its end by it, and with it the memory that only this node has (D4). */
        default boolean endsNodes() {
            return false;
        }

        /** What it has caused so far, for a reader; empty = nothing yet. Asked again for a while after it was healed. */
        String effect();
    }
}
