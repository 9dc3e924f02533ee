package io.trapline.node.registry;

import io.trapline.internal.v1.DrainRecord;
import io.trapline.model.Pure;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which drains wait for something at this node, and which are done but perhaps not heard of by the coordinator (F5). A drain is reported after the
 * revision that began it is acknowledged, and again in every new session until it has ended.
 */
@Pure
final class DrainLedger {
    private final TreeMap<Long, DrainRecord> pending = new TreeMap<>();
    private final Set<Long> resetting = new HashSet<>();
    private final TreeSet<Long> done = new TreeSet<>();
    private final Set<Long> reported = new HashSet<>();

    void begin(DrainRecord drain) {
        if (!done.contains(drain.getRevision())) {
            pending.put(drain.getRevision(), drain);
        }
    }

    /** What waits under that revision. */
    Optional<DrainRecord> pending(long revision) {
        return Optional.ofNullable(pending.get(revision));
    }

    /** What waits in a domain. */
    List<Long> pendingOf(long domainGeneration) {
        return pending.values().stream()
                .filter(drain -> drain.getDomainGeneration() == domainGeneration)
                .map(DrainRecord::getRevision)
                .toList();
    }

    /** Its ioreqs are gone and its pages are to be reset (C5); false where that was said before. */
    boolean beginReset(long revision) {
        return resetting.add(revision);
    }

    void finish(long revision) {
        resetting.remove(revision);
        if (pending.remove(revision) != null) {
            done.add(revision);
        }
    }

    /** Only these stand. */
    void retain(Set<Long> standing) {
        pending.keySet().retainAll(standing);
        done.retainAll(standing);
        reported.retainAll(standing);
        resetting.retainAll(standing);
    }

    /** A new session knows of no report. */
    void forgetReports() {
        reported.clear();
    }

    /** What is to be reported now that this revision is acknowledged; each once a session. */
    List<Long> report(long acknowledged) {
        List<Long> due = done.headSet(acknowledged, true).stream()
                .filter(revision -> !reported.contains(revision))
                .toList();
        reported.addAll(due);
        return due;
    }
}
