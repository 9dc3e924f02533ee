package io.trapline.node.registry;

import io.trapline.internal.v1.DrainKind;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.model.Pure;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Which drains wait for something at this node, and which are done but perhaps not heard of by the coordinator (F5). A drain is reported after the
 * revision that began it is acknowledged, and again in every new session until it has ended.
 */
@Pure
public final class DrainLedger {
    private final TreeMap<Long, DrainRecord> pending = new TreeMap<>();
    // By drain the latest look at what shards here have of it.
    private final Map<Long, Long> looks = new HashMap<>();
    private final Set<Long> resetting = new HashSet<>();
    private final TreeMap<Long, DrainRecord> done = new TreeMap<>();
    private final Set<Long> reported = new HashSet<>();
    // Resets that were begun without copies that have come since.
    private final Set<Long> partial = new HashSet<>();
    // Drains that are reported only after a later revision than their own is acknowledged.
    private final Map<Long, Long> notBefore = new HashMap<>();
    private long lastLook;

    /** One has begun; one that was done before it was heard of stays done. */
    public void begin(DrainRecord drain) {
        if (!done.containsKey(drain.getRevision())) {
            pending.put(drain.getRevision(), drain);
        }
    }

    /** What waits under that revision. */
    public Optional<DrainRecord> pending(long revision) {
        return Optional.ofNullable(pending.get(revision));
    }

    /** What waits in a domain. */
    public List<Long> pendingOf(long domainGeneration) {
        return revisionsOf(pending, domainGeneration);
    }

    private static List<Long> revisionsOf(Map<Long, DrainRecord> drains, long domainGeneration) {
        return drains.values().stream()
                .filter(drain -> drain.getDomainGeneration() == domainGeneration)
                .map(DrainRecord::getRevision)
                .toList();
    }

    /** Its ioreqs are gone and its pages are to be reset (C5); false where that was said before. */
    public boolean beginReset(long revision) {
        return resetting.add(revision);
    }

    /** What shards here have of a drain that waits is looked at from now on, and what came of an earlier look does not matter. */
    public long look(long revision) {
        looks.put(revision, ++lastLook);
        return lastLook;
    }

    /** Whether that is the latest look at it. */
    public boolean isLatest(long revision, long look) {
        return looks.getOrDefault(revision, 0L) == look;
    }

    /**
     * From that revision on this node has copies of the domain's shards that it did not have: what it has said of drains was not about those (V-10), and it is
     * said again when the revision is acknowledged.
     *
     * @return the drains that are to be looked at once more; where it decides pages now those that it resets too, though that was done before (C5)
     */
    public List<Long> regained(long domainGeneration, long revision) {
        List<Long> again = revisionsOf(done, domainGeneration);
        again.forEach(drain -> pending.put(drain, Objects.requireNonNull(done.remove(drain))));
        List<Long> waiting = pendingOf(domainGeneration);
        for (long drain : waiting) {
            notBefore.put(drain, revision);
            reported.remove(drain);
            if (resetting.contains(drain)) {
                partial.add(drain);
            }
        }
        // One that waits for its server is looked at when that is done.
        return waiting.stream()
                .filter(drain -> again.contains(drain) || (looks.containsKey(drain) && !resetting.contains(drain)))
                .toList();
    }

    /** A reset that was begun is done; true where the drain is to be looked at once more, for copies that have come meanwhile. */
    public boolean endReset(long revision) {
        resetting.remove(revision);
        return partial.remove(revision);
    }

    /** Nothing of it is left at this node. */
    public void finish(long revision) {
        resetting.remove(revision);
        partial.remove(revision);
        looks.remove(revision);
        DrainRecord drain = pending.remove(revision);
        if (drain != null) {
            done.put(revision, drain);
        }
    }

    /** Only these stand. */
    public void retain(Set<Long> standing) {
        pending.keySet().retainAll(standing);
        done.keySet().retainAll(standing);
        reported.retainAll(standing);
        resetting.retainAll(standing);
        partial.retainAll(standing);
        notBefore.keySet().retainAll(standing);
        looks.keySet().retainAll(standing);
    }

    /** A new session knows of no report. */
    public void forgetReports() {
        reported.clear();
    }

    /** What is to be reported now that this revision is acknowledged; each once a session. */
    public List<Long> report(long acknowledged) {
        List<Long> due = done.headMap(acknowledged, true).values().stream()
                .filter(drain -> !reported.contains(drain.getRevision()) && !endsReset(drain))
                .filter(drain -> notBefore.getOrDefault(drain.getRevision(), 0L) <= acknowledged)
                .map(DrainRecord::getRevision)
                .toList();
        reported.addAll(due);
        return due;
    }

    /** The end of a server ends its releases too, and theirs may still have pages to reset (C5). */
    private boolean endsReset(DrainRecord drain) {
        return drain.getKind() == DrainKind.DRAIN_KIND_DESTROY
                && pending.values().stream()
                        .anyMatch(other -> other.getKind() == DrainKind.DRAIN_KIND_RELEASE
                                && other.getDomainGeneration() == drain.getDomainGeneration()
                                && other.getGeneration() == drain.getGeneration());
    }
}
