package io.trapline.sim.check;

import io.trapline.node.protocol.Drain;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.rows.KeyRows;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What changes catch at one server (F5): delivered ioreqs have their time to be answered, and a drain ends after them. */
final class DrainChecks {
    /** What type changes and unmapped ranges leave. */
    private static final long DEFAULT_DRAIN_NANOS = 5_000_000_000L;

    private static final int EVERYTHING = -1;
    private static final long NANOS_PER_MILLI = 1_000_000;

    private final int id;
    private final Map<IoreqKey, Delivered> delivered;
    private @Nullable ServerView view;

    DrainChecks(int id, Map<IoreqKey, Delivered> delivered) {
        this.id = id;
        this.delivered = delivered;
    }

    /** The server hears of a change of the registry. */
    void applies(long nowNanos, ServerView now, List<Drain> begun) {
        for (Drain drain : begun) {
            for (Delivered row : delivered.values()) {
                if (drain.x() == EVERYTHING || row.isOfType(drain.x())) {
                    row.caught(nowNanos + drain.drainMillis() * NANOS_PER_MILLI);
                }
            }
        }
        ServerView before = view;
        if (before != null
                && !(before.ports().equals(now.ports()) && before.memory().equals(now.memory()))) {
            delivered.values().stream()
                    .filter(Delivered::isByRange)
                    .forEach(row -> row.caught(nowNanos + DEFAULT_DRAIN_NANOS));
        }
        view = now;
    }

    /** A shard wants rows back. */
    void recalls(long nowNanos, KeyRows keys, int drainMillis) {
        for (int i = 0; i < keys.size(); i++) {
            Delivered row = delivered.get(IoreqKey.of(keys, i));
            if (row != null) {
                row.caught(nowNanos + drainMillis * NANOS_PER_MILLI);
            }
        }
    }

    /** A row that is with the emulator goes back. */
    void givesBack(long nowNanos, Delivered row) {
        if (!row.mayGoBack(nowNanos)) {
            throw new Violation("F5", "server %d gives back %s, which may still be answered", id, row.access);
        }
    }

    /** What a drain of {@code ioreq_server[x]}, or (x = -1) of everything, waited for is said to be over. */
    void isDrained(long revision, int x) {
        for (Delivered row : delivered.values()) {
            if ((x < 0 || row.isOfType(x)) && row.decidedRevision < revision) {
                throw new Violation("F5, C5", "server %d is drained of %d, and has %s", id, revision, row.access);
            }
        }
    }
}
