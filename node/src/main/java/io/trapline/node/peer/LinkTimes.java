package io.trapline.node.peer;

import io.trapline.model.Pure;
import java.time.Duration;

/** The times of a link. */
@Pure
public final class LinkTimes {
    /** A receiver acknowledges at least so often while it is connected. */
    public static final Duration ACK_EVERY = Duration.ofMillis(500);

    /** A connection on which nothing was acknowledged for so long, or that was not accepted, is given up. */
    public static final Duration ACK_SILENCE = Duration.ofSeconds(1);

    /** A frame that may have been under way for so long is not taken: its connection ends, and it comes again with its true age. */
    public static final Duration STALE = Duration.ofSeconds(2);

    /** How long after a failure the next connection is tried, at first; twice as long after each further one. */
    public static final Duration FIRST_RETRY = Duration.ofMillis(50);

    /** The longest time between two tries. */
    public static final Duration LONGEST_RETRY = Duration.ofMillis(500);

    private LinkTimes() {}
}
