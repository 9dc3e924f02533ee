package io.trapline.faults.check;

import io.trapline.faults.history.Event;
import io.trapline.faults.history.Outcome;
import io.trapline.faults.history.Span;
import io.trapline.model.Pure;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The lives of domains (D1, D4, S4): nothing happens in a domain once its destruction has returned, one that was not destroyed is there, no two have an id at
 * one time, and memory is lost only where it has no second copy and a node has ended; a domain that has lost memory never answers again.
 */
@Pure
final class Lives {
    private final List<Event> events;
    private final Findings findings;
    private final Map<Integer, Event.Created> created = new HashMap<>();
    private final Map<Integer, Event.Destroyed> destroyed = new HashMap<>();
    private final Map<Integer, Event.Call> lost = new HashMap<>();
    private long firstNodeEnded = Span.NEVER;

    private Lives(List<Event> events, Findings findings) {
        this.events = events;
        this.findings = findings;
        for (Event event : events) {
            if (event instanceof Event.Created birth && birth.outcome().isDone()) {
                created.put(birth.domid(), birth);
            } else if (event instanceof Event.Destroyed end && end.outcome().mayBeDone()) {
                destroyed.merge(end.domid(), end, Lives::earlier);
            } else if (event instanceof Event.Fault fault && fault.endsNodes()) {
                firstNodeEnded = Math.min(firstNodeEnded, fault.span().start());
            }
        }
        for (Event event : events) {
            if (event instanceof Event.InDomain there
                    && event instanceof Event.Call call
                    && call.outcome().is("EIO")) {
                lost.merge(
                        there.domid(),
                        call,
                        (one, other) -> one.span().end() <= other.span().end() ? one : other);
            }
        }
    }

    static Lives check(List<Event> events, Findings findings) {
        Lives lives = new Lives(events, findings);
        for (Event event : events) {
            if (event instanceof Event.InDomain there) {
                lives.check(there);
            }
        }
        lives.checkIds();
        return lives;
    }

    private static Event.Destroyed earlier(Event.Destroyed one, Event.Destroyed other) {
        return one.span().start() <= other.span().start() ? one : other;
    }

    /** Whether whatever is asked of the domain in that time may be refused, since it is destroyed or has lost its memory. */
    boolean mayBeGone(int domid, Span span) {
        Event.Destroyed end = destroyed.get(domid);
        return (end != null && end.span().start() <= span.end())
                || (lost.containsKey(domid) && mayLoseMemory(domid, span));
    }

    private void check(Event.InDomain event) {
        Event.Destroyed end = destroyed.get(event.domid());
        if (isCarriedOut(event)
                && end != null
                && end.outcome().isDone()
                && end.span().isBefore(event.span())) {
            findings.add("rule 0, D1, S4", "something takes effect in a domain that is destroyed", end, event);
        }
        if (!(event instanceof Event.Call call)) {
            return;
        }
        boolean mayBeDestroyed =
                end != null && end.span().start() <= event.span().end();
        if (call.outcome().is("ESRCH") && !mayBeDestroyed) {
            findings.add("D1", "a domain that nobody destroys is said not to be there", event);
        }
        if (call.outcome().is("EIO") && !mayLoseMemory(event.domid(), event.span())) {
            findings.add("D4", "memory is lost", event);
        }
        Event.Call loss = lost.get(event.domid());
        if (loss != null
                && call instanceof Event.WordCall
                && call.outcome().isDone()
                && loss.span().isBefore(call.span())) {
            findings.add("D4", "a domain that has lost memory answers", loss, call);
        }
    }

    private static boolean isCarriedOut(Event.InDomain event) {
        return switch (event) {
            case Event.Destroyed end -> false;
            case Event.Call call -> call.outcome().isDone();
            case Event.Opened opened -> true;
            case Event.CarriedOut ioreq -> !ioreq.isAbandoned();
            case Event.AllReleased released -> false;
        };
    }

    private boolean mayLoseMemory(int domid, Span span) {
        Event.Created birth = created.get(domid);
        return birth != null && !birth.replicated() && firstNodeEnded <= span.end();
    }

    /** For certain a domain has its id from when its creation has returned until its destruction is asked for. */
    private void checkIds() {
        Map<Integer, List<Event.Created>> byId = new HashMap<>();
        for (Event event : events) {
            if (event instanceof Event.Created birth && birth.outcome().kind() == Outcome.Kind.DONE) {
                byId.computeIfAbsent(birth.id(), key -> new ArrayList<>()).add(birth);
            }
        }
        byId.values().forEach(ofId -> {
            ofId.sort(Comparator.comparingLong(Event.Created::generation));
            for (int i = 1; i < ofId.size(); i++) {
                Event.Created before = ofId.get(i - 1);
                Event.Created after = ofId.get(i);
                Event.Destroyed end = destroyed.get(before.domid());
                if (end == null || after.span().isBefore(end.span())) {
                    findings.add("D1", "an id is given to a second domain while the first one has it", before, after);
                }
            }
        });
    }
}
