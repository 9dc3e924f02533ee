package io.trapline.coordinator.lease;

import io.trapline.coordinator.registry.RunChange;
import io.trapline.internal.v1.PlacedDomain;
import java.util.List;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** What operators read of copies in the log of the leading coordinator (D4): a line for each change, and at a leadership's beginning what lacks one. */
final class RunLog {
    private static final Logger LOG = LoggerFactory.getLogger(RunLog.class);

    /** Of one command: a node that ends may have had copies of thousands of domains, and who writes this grants leases. */
    private static final int LINES = 256;

    private static final int NAMED = 16;

    private RunLog() {}

    /** What one command has changed. */
    static void changed(List<RunChange> changes) {
        changes.stream()
                .limit(LINES)
                .forEach(change ->
                        LOG.atLevel(change.isLoss() ? Level.WARN : Level.INFO).log("{}", change));
        if (changes.size() > LINES) {
            LOG.warn("the same has changed copies of {} more runs of shards", changes.size() - LINES);
        }
    }

    /** What was applied while nobody led is in no line of its own. */
    static void begun(List<PlacedDomain> degraded) {
        if (!degraded.isEmpty()) {
            String some = degraded.stream()
                    .limit(NAMED)
                    .map(placed -> Integer.toString(placed.getDomain().getDomid()))
                    .collect(Collectors.joining(", "));
            LOG.info(
                    "without a second copy as this leadership begins, {} in all: domain {}{}",
                    degraded.size(),
                    some,
                    degraded.size() > NAMED ? ", …" : "");
        }
    }
}
