package io.trapline.faults.check;

import io.trapline.faults.history.Outcome;
import io.trapline.faults.history.Span;
import io.trapline.model.Pure;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;

/**
 * What was so when, of something that calls change: after one has returned and before the next begins it is certain, and while calls are under way, or of
 * which nobody knows what became, it may be the one or the other.
 */
@Pure
final class Timeline<V> {
    private static final Span BEFORE_ALL = new Span(Long.MIN_VALUE, Long.MIN_VALUE);

    private record Change<V>(Span span, V value) {}

    private final List<Change<V>> changes = new ArrayList<>();

    Timeline(V initial) {
        changes.add(new Change<>(BEFORE_ALL, initial));
    }

    /** A call changes it, or may. */
    void change(Span span, V value, Outcome outcome) {
        switch (outcome.kind()) {
            case DONE -> changes.add(new Change<>(span, value));
            case UNKNOWN -> changes.add(new Change<>(span.open(), value));
            case REFUSED -> {}
        }
    }

    /** How many calls that change it, or may, were under way at a time of that. */
    long nrChanges(Span span) {
        return changes.stream()
                .filter(change -> !change.span().isBefore(span) && !span.isBefore(change.span()))
                .count();
    }

    /** When it was such a value for certain. */
    Intervals certainly(Predicate<V> such) {
        changes.sort(Comparator.comparingLong(change -> change.span().start()));
        List<Span> times = new ArrayList<>();
        long latestEnd = Long.MIN_VALUE;
        for (int i = 0; i < changes.size(); i++) {
            Change<V> change = changes.get(i);
            Span span = change.span();
            long next = i + 1 < changes.size() ? changes.get(i + 1).span().start() : Span.NEVER;
            // One that began before and may still be carried out makes this uncertain from the beginning.
            boolean isAlone = i == 0 || latestEnd < span.start();
            if (isAlone && span.end() < next - 1 && such.test(change.value())) {
                times.add(new Span(span.end() + 1, next == Span.NEVER ? next : next - 1));
            }
            latestEnd = Math.max(latestEnd, span.end());
        }
        return Intervals.of(times);
    }

    /** When it may have been such a value. */
    Intervals perhaps(Predicate<V> such) {
        changes.sort(Comparator.comparingLong(change -> change.span().start()));
        List<Span> times = new ArrayList<>();
        long[] earliestEnd = new long[changes.size() + 1];
        earliestEnd[changes.size()] = Span.NEVER;
        for (int i = changes.size() - 1; i >= 0; i--) {
            earliestEnd[i] = Math.min(earliestEnd[i + 1], changes.get(i).span().end());
        }
        for (int i = 0; i < changes.size(); i++) {
            Change<V> change = changes.get(i);
            if (such.test(change.value())) {
                times.add(new Span(
                        change.span().start(),
                        earliestEnd[firstAfter(change.span().end())]));
            }
        }
        return Intervals.of(times);
    }

    /** The first change that begins after that time. */
    private int firstAfter(long time) {
        int low = 0;
        int high = changes.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (changes.get(middle).span().start() <= time) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
