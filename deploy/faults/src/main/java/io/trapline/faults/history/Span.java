package io.trapline.faults.history;

import io.trapline.model.Pure;

/**
 * From when to when something was under way, by the one monotonic clock of whoever recorded it.
 *
 * @param start in nanoseconds
 * @param end in nanoseconds, not before the start; {@link #NEVER} where it never ended
 */
@Pure
public record Span(long start, long end) {
    /** The end of what never ended, or of what nobody knows whether it goes on. */
    public static final long NEVER = Long.MAX_VALUE;

    public Span {
        if (end < start) {
            throw new IllegalArgumentException("ends at " + end + ", before it starts at " + start);
        }
    }

    /** The same with no end. */
    public Span open() {
        return new Span(start, NEVER);
    }

    /** Whether it was over when the other began. */
    public boolean isBefore(Span other) {
        return end < other.start;
    }

    @Override
    public String toString() {
        return String.format("%.3f … %s ms", start / 1e6, end == NEVER ? "?" : String.format("%.3f", end / 1e6));
    }
}
