package io.trapline.sim.check;

import io.trapline.node.rows.KeyRows;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What the homes of one server are asked about (D-22). A home that has begun has been asked about everything that was passed to the server before it came there: of
 * whatever it hears of only then, it may have delivered something later already (A3, F3).
 */
final class HomeAsks {
    private final Map<Long, Set<IoreqKey>> byHome = new HashMap<>();
    private final Map<IoreqKey, Long> passed;

    /** @param passed by which revision each row was passed to the server last, wherever that was */
    HomeAsks(Map<IoreqKey, Long> passed) {
        this.passed = passed;
    }

    /** That home is asked about rows, perhaps before it has heard that it is one. */
    void asks(long home, boolean begun, KeyRows rows) {
        Set<IoreqKey> asked = byHome.computeIfAbsent(home, fresh -> new HashSet<>());
        for (int i = 0; i < rows.size(); i++) {
            IoreqKey key = IoreqKey.of(rows, i);
            long decided = passed.getOrDefault(key, home);
            if (asked.add(key) && begun && decided < home) {
                throw new Violation(
                        "A3, D-22",
                        "home %d has begun, and is asked about %s, passed on at %d, for the first time",
                        home,
                        key,
                        decided);
            }
        }
    }

    /** The server comes to that home, if it was not there. */
    void comes(long home) {
        byHome.keySet().removeIf(before -> before < home);
    }
}
