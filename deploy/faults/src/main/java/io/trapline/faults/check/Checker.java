package io.trapline.faults.check;

import io.trapline.faults.history.Event;
import io.trapline.faults.history.Outcome;
import io.trapline.model.Pure;
import java.util.List;

/**
 * Checks the history of a run: item 5 of how Trapline is tested. Each rule takes about n log n steps for n events and always comes to an answer; what can
 * be undecided is named so, and counts as a failure:
 *
 * <ul>
 *   <li>words are linearizable, in the order of each vCPU besides (A3, A4, D4): {@link Words};
 *   <li>who holds what: {@link Claiming} (C2, C6, C8);
 *   <li>which type a page has: {@link Typings} (T4, T5, T6, C5);
 *   <li>who runs a vCPU: {@link Vcpus} (A6);
 *   <li>what is passed to whom, once: {@link Forwarding} (rule 0, C4, A4, F2, F3, F6);
 *   <li>which domains are there, and that no memory is lost: {@link Lives} (D1, D4, S4);
 *   <li>after the last fault everything works (G-1).
 * </ul>
 */
@Pure
public final class Checker {
    private Checker() {}

    /** Checks them all, in any order. */
    public static Report check(List<Event> events) {
        Findings findings = new Findings();
        Says says = Says.of(events);
        Words.check(events, says, findings);
        Claiming.check(events, says, findings);
        Typings.check(events, says, findings);
        Vcpus.check(events, findings);
        Forwarding.check(events, says, findings);
        checkService(events, Lives.check(events, findings), findings);
        long operations = 0;
        long unknown = 0;
        long redelivered = 0;
        for (Event event : events) {
            if (event instanceof Event.Call call) {
                operations++;
                unknown += call.outcome().kind() == Outcome.Kind.UNKNOWN ? 1 : 0;
            } else if (event instanceof Event.CarriedOut ioreq && ioreq.isRedelivered()) {
                redelivered++;
            }
        }
        return new Report(operations, unknown, redelivered, findings.count(), findings.kept());
    }

    private static void checkService(List<Event> events, Lives lives, Findings findings) {
        long healed = Long.MAX_VALUE;
        for (Event event : events) {
            if (event instanceof Event.Healed) {
                healed = Math.min(healed, event.span().start());
            }
        }
        for (Event event : events) {
            if (event instanceof Event.CutShort) {
                findings.add(Finding.UNDECIDED, "the history is cut short: what came after is not in it", event.span());
            } else if (event instanceof Event.WordCall call
                    && call.span().start() >= healed
                    && !call.outcome().isDone()
                    && !lives.mayBeGone(call.domid(), call.span())) {
                findings.add("G-1", "nothing is broken any more, and this is not carried out", call);
            }
        }
    }
}
