package io.trapline.faults.chaos;

import io.trapline.faults.history.Event;
import io.trapline.faults.history.Span;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;

/** How long things took, by the history alone. */
public final class Measures {
    private static final double NANOS_PER_MILLI = 1e6;

    /** Faults of coordinators that lead have names that end so. */
    private static final String LEADER = "-leader";

    private static final String PRIMARY = "-primary";

    private Measures() {}

    /**
     * Times of failovers, one for each fault.
     *
     * @param p50 the median in milliseconds
     * @param max the longest in milliseconds
     */
    public record Failover(double p50, double max) {}

    /** The longest time that an access with an outcome was under way, in milliseconds. */
    public static double stalledMillis(List<Event> events) {
        long longest = 0;
        for (Event event : events) {
            if (event instanceof Event.Access access && access.outcome().isDone()) {
                longest = Math.max(longest, access.span().end() - access.span().start());
            }
        }
        return longest / NANOS_PER_MILLI;
    }

    /** From a fault of the leader to the end of the first change that began after it. */
    public static Optional<Failover> coordinator(List<Event> events) {
        return failovers(events, fault -> fault.kind().endsWith(LEADER), Measures::firstChange);
    }

    /** From a fault of a primary whose backup took over to the end of the access that waited longest. */
    public static Optional<Failover> shard(List<Event> events) {
        return failovers(
                events,
                fault -> fault.kind().endsWith(PRIMARY) && fault.effect().contains(Fault.TOOK_OVER),
                Measures::longestAccess);
    }

    private interface End {
        OptionalLong of(List<Event> events, Span fault);
    }

    private static Optional<Failover> failovers(List<Event> events, Predicate<Event.Fault> such, End end) {
        List<Long> times = new ArrayList<>();
        for (Event event : events) {
            if (event instanceof Event.Fault fault && such.test(fault)) {
                end.of(events, fault.span())
                        .ifPresent(time -> times.add(time - fault.span().start()));
            }
        }
        if (times.isEmpty()) {
            return Optional.empty();
        }
        Collections.sort(times);
        return Optional.of(
                new Failover(times.get(times.size() / 2) / NANOS_PER_MILLI, times.getLast() / NANOS_PER_MILLI));
    }

    private static OptionalLong firstChange(List<Event> events, Span fault) {
        return events.stream()
                .filter(event -> event instanceof Event.Claim || event instanceof Event.Release)
                .map(Event.Call.class::cast)
                .filter(call -> call.outcome().isDone() && call.span().start() >= fault.start())
                .mapToLong(call -> call.span().end())
                .min();
    }

    private static OptionalLong longestAccess(List<Event> events, Span fault) {
        return events.stream()
                .filter(event -> event instanceof Event.Access access
                        && access.outcome().isDone()
                        && access.span().start() <= fault.start()
                        && access.span().end() > fault.start())
                .mapToLong(access -> access.span().end())
                .max();
    }
}
