package io.trapline.faults.check;

import io.trapline.faults.history.AccessKey;
import io.trapline.faults.history.Event;
import io.trapline.model.Pure;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Posted writes (F3): each reaches its emulator before any later access of its vCPU does that goes to the same server. */
@Pure
final class Posting {
    /** Whose accesses come in an order. */
    private record Sender(int domid, int server, int vcpu, long epoch) {}

    private Posting() {}

    static void check(
            Map<AccessKey, Event.Access> accesses, Collection<List<Event.CarriedOut>> ioreqs, Findings findings) {
        Map<Sender, TreeMap<Long, Event.CarriedOut>> firsts = new HashMap<>();
        for (List<Event.CarriedOut> ofAccess : ioreqs) {
            for (Event.CarriedOut ioreq : ofAccess) {
                if (!ioreq.isAbandoned()) {
                    Sender sender = new Sender(ioreq.domid(), ioreq.server(), ioreq.vcpu(), ioreq.epoch());
                    firsts.computeIfAbsent(sender, key -> new TreeMap<>())
                            .merge(ioreq.sequence(), ioreq, Posting::earlier);
                }
            }
        }
        for (TreeMap<Long, Event.CarriedOut> firstOfSequence : firsts.values()) {
            Event.CarriedOut earliestBehind = null;
            for (Event.CarriedOut ioreq : firstOfSequence.descendingMap().values()) {
                Event.Access access = accesses.get(ioreq.key());
                if (earliestBehind == null
                        || ioreq.span().start() < earliestBehind.span().start()) {
                    earliestBehind = ioreq;
                } else if (access != null && access.posted()) {
                    findings.add(
                            "F3",
                            "a later access has reached an emulator before a posted write",
                            ioreq,
                            earliestBehind);
                }
            }
        }
    }

    private static Event.CarriedOut earlier(Event.CarriedOut one, Event.CarriedOut other) {
        return one.span().start() <= other.span().start() ? one : other;
    }
}
