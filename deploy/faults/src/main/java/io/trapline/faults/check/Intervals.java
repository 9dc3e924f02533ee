package io.trapline.faults.check;

import io.trapline.faults.history.Span;
import io.trapline.model.Pure;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Times at which something was so: intervals with their ends, in order, apart from each other. */
@Pure
final class Intervals {
    static final Intervals NONE = new Intervals(List.of());

    private final List<Span> spans;

    private Intervals(List<Span> spans) {
        this.spans = spans;
    }

    /** The times that are in any of these. */
    static Intervals of(List<Span> any) {
        List<Span> sorted = new ArrayList<>(any);
        sorted.sort(Comparator.comparingLong(Span::start));
        List<Span> joined = new ArrayList<>();
        for (Span span : sorted) {
            Span last = joined.isEmpty() ? null : joined.getLast();
            if (last != null && span.start() <= last.end()) {
                joined.set(joined.size() - 1, new Span(last.start(), Math.max(last.end(), span.end())));
            } else {
                joined.add(span);
            }
        }
        return new Intervals(joined);
    }

    List<Span> spans() {
        return spans;
    }

    /** The times that are in both. */
    Intervals and(Intervals other) {
        List<Span> both = new ArrayList<>();
        int i = 0;
        int j = 0;
        while (i < spans.size() && j < other.spans.size()) {
            Span a = spans.get(i);
            Span b = other.spans.get(j);
            long start = Math.max(a.start(), b.start());
            long end = Math.min(a.end(), b.end());
            if (start <= end) {
                both.add(new Span(start, end));
            }
            if (a.end() < b.end()) {
                i++;
            } else {
                j++;
            }
        }
        return new Intervals(both);
    }

    /** Whether it was so all that time. */
    boolean cover(Span span) {
        int at = last(span.start());
        return at >= 0 && spans.get(at).end() >= span.end();
    }

    /** Whether it was so at any time of that. */
    boolean meet(Span span) {
        int at = last(span.end());
        return at >= 0 && spans.get(at).end() >= span.start();
    }

    /** The last interval that begins at that time or before; -1 = none. */
    private int last(long time) {
        int low = 0;
        int high = spans.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (spans.get(middle).start() <= time) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low - 1;
    }
}
