package io.trapline.faults.containers;

import io.trapline.faults.history.Event;
import io.trapline.model.Pure;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Errors that a guest got although it retries, and of which it is not the reason itself. */
@Pure
final class GuestErrors {
    /** Another client has opened the vCPU, as the workload does itself (A6). */
    private static final String OVERTAKEN = "ESTALE";

    private GuestErrors() {}

    /** Accesses that came to nothing, beside those of an older opening and those of domains that were destroyed. */
    static List<Event.Access> of(List<Event> events) {
        Set<Integer> destroyed = new HashSet<>();
        for (Event event : events) {
            if (event instanceof Event.Destroyed end && end.outcome().mayBeDone()) {
                destroyed.add(end.domid());
            }
        }
        return events.stream()
                .filter(Event.Access.class::isInstance)
                .map(Event.Access.class::cast)
                .filter(access -> !access.outcome().isDone()
                        && !access.outcome().is(OVERTAKEN)
                        && !destroyed.contains(access.domid()))
                .toList();
    }
}
