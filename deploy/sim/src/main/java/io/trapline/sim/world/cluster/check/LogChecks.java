package io.trapline.sim.world.cluster.check;

import io.trapline.coordinator.registry.Result;
import io.trapline.internal.v1.LogEntry;
import io.trapline.sim.check.Violation;
import java.util.ArrayList;
import java.util.List;

/** V-1, V-12: whatever replicas apply is one log, they make the same of it, and no revision is given out twice. */
public final class LogChecks {
    private record Agreed(Object entry, List<Result> results) {}

    private final List<Agreed> log = new ArrayList<>();
    private final Listener listener;
    private long revision;

    /** Told of each entry when the first replica applies it: from then on it is in force. */
    public interface Listener {
        /**
         * It is in force.
         *
         * @param appendedNanos true time at which a leader put it into its log
         */
        void inForce(LogEntry entry, long appendedNanos, List<Result> results);
    }

    public LogChecks(Listener listener) {
        this.listener = listener;
    }

    /**
     * Those of a cluster that goes on with a backup, which stands where its first entry would.
     *
     * @param before the last revision that was given out by any cluster before
     */
    public static LogChecks restored(Listener listener, long before) {
        LogChecks checks = new LogChecks(listener);
        checks.log.add(new Agreed("a backup", List.of()));
        checks.revision = before;
        return checks;
    }

    /** How many entries are in force. */
    public int size() {
        return log.size();
    }

    /** The last revision that is in force. */
    public long revision() {
        return revision;
    }

    /**
     * A replica applies an entry.
     *
     * @param entry the same object for the same entry
     */
    public void applied(
            String by, long index, Object entry, LogEntry command, long appendedNanos, List<Result> results) {
        if (index > log.size() + 1) {
            throw new Violation("V-1", "%s applies entry %d, and nobody has applied %d", by, index, log.size() + 1);
        }
        if (index <= log.size()) {
            same(by, index, entry, results);
            return;
        }
        log.add(new Agreed(entry, List.copyOf(results)));
        for (Result result : results) {
            result.change().ifPresent(change -> givenOut(by, change.getRevision()));
        }
        listener.inForce(command, appendedNanos, results);
    }

    /** A replica replaces its log from an index on, having applied it up to another. */
    public void overwrites(String by, long index, long applied) {
        if (index <= applied) {
            throw new Violation("V-1", "%s loses entry %d, which it has applied", by, index);
        }
    }

    @SuppressWarnings("ReferenceEquality") // Two that are equal are not the same entry.
    private void same(String by, long index, Object entry, List<Result> results) {
        Agreed agreed = log.get((int) index - 1);
        if (agreed.entry() != entry) {
            throw new Violation("V-1", "%s applies as entry %d%n%s, and it was%n%s", by, index, entry, agreed.entry());
        }
        if (!agreed.results().equals(results)) {
            throw new Violation(
                    "I-3, C6", "%s makes of entry %d%n%s, and another%n%s", by, index, results, agreed.results());
        }
    }

    private void givenOut(String by, long next) {
        if (next <= revision) {
            throw new Violation("V-12", "%s gives out revision %d after %d", by, next, revision);
        }
        revision = next;
    }
}
