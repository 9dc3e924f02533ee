package io.trapline.faults.history;

import java.util.ArrayList;
import java.util.List;

/** Records what the clients of a run do, by one clock. What does not fit any more is left out, and that is recorded, too. Thread-safe. */
public final class History {
    /** Some 400 bytes each. */
    public static final int MOST_EVENTS = 2_000_000;

    private final long originNanos = System.nanoTime();
    private final int most;
    private final List<Event> events = new ArrayList<>();
    private boolean isCutShort;

    /** An empty one for as many events as memory is meant for. */
    public History() {
        this(MOST_EVENTS);
    }

    History(int most) {
        this.most = most;
    }

    /** Now, in nanoseconds since this began. */
    public long now() {
        return System.nanoTime() - originNanos;
    }

    /** From then until now. */
    public Span since(long start) {
        return new Span(start, now());
    }

    /** One more. */
    public synchronized void add(Event event) {
        if (events.size() < most) {
            events.add(event);
        } else if (!isCutShort) {
            isCutShort = true;
            events.add(new Event.CutShort(new Span(now(), Span.NEVER)));
        }
    }

    /** Whether there is no room for more, so that going on is of no use. */
    public synchronized boolean isFull() {
        return events.size() >= most;
    }

    /** What was recorded so far, in the order of recording. */
    public synchronized List<Event> events() {
        return List.copyOf(events);
    }
}
