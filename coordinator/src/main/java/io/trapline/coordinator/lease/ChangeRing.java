package io.trapline.coordinator.lease;

import io.trapline.internal.v1.RegistryChange;
import io.trapline.model.Pure;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;

/**
 * The last changes of the registry, so that a node that knows a revision gets what is new, from any leader, and not all of it. Bounded
 * by number and by bytes; the oldest go first.
 */
@Pure
public final class ChangeRing {
    /** What it keeps in a coordinator. */
    static final int MAX_CHANGES = 65_536;

    static final long MAX_BYTES = 64L << 20;

    private final int maxChanges;
    private final long maxBytes;
    private final ArrayDeque<RegistryChange> changes = new ArrayDeque<>();
    private long bytes;

    /** An empty one that keeps so many changes and bytes at most. */
    public ChangeRing(int maxChanges, long maxBytes) {
        this.maxChanges = maxChanges;
        this.maxBytes = maxBytes;
    }

    /**
     * The registry has changed. Each command that changes something raises the revision by one; where one is missing, as after a
     * snapshot was loaded or a generation has begun, what was kept is of no use any more.
     */
    public void add(RegistryChange change) {
        RegistryChange last = changes.peekLast();
        if (last != null && change.getRevision() != last.getRevision() + 1) {
            changes.clear();
            bytes = 0;
        }
        changes.addLast(change);
        bytes += change.getSerializedSize();
        while (changes.size() > maxChanges || bytes > maxBytes) {
            bytes -= changes.removeFirst().getSerializedSize();
        }
    }

    /** All changes after a revision, ascending; empty where some of them are not kept, and where 0 (nothing) is known. */
    public Optional<List<RegistryChange>> since(long revision) {
        RegistryChange first = changes.peekFirst();
        return first == null || revision == 0 || revision < first.getRevision() - 1
                ? Optional.empty()
                : Optional.of(changes.stream()
                        .filter(change -> change.getRevision() > revision)
                        .toList());
    }
}
