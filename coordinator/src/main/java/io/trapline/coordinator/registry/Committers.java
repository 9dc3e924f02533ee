package io.trapline.coordinator.registry;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.CommitterState;
import io.trapline.internal.v1.LogEntry;
import io.trapline.model.Pure;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The last entry of each committer: one that is written again, because its writer could not tell whether it had arrived, is applied
 * once. A committer has one entry under way at a time.
 */
@Pure
final class Committers {
    private static final int KEPT = 64;

    // By when they last wrote, longest ago first.
    private final Map<Long, CommitterState> last = new LinkedHashMap<>();

    /**
     * The answers that the entry got before; empty for a new one. A copy that arrives after its committer's next entry has no answers
     * any more, and nobody who waits for them: its writer has gone on.
     */
    Optional<List<Answer>> earlier(LogEntry entry) {
        CommitterState state = last.get(entry.getCommitter());
        if (state == null || entry.getNumber() > state.getNumber()) {
            return Optional.empty();
        }
        return Optional.of(entry.getNumber() == state.getNumber() ? state.getAnswersList() : List.of());
    }

    void keep(CommitterState state) {
        last.remove(state.getCommitter());
        last.put(state.getCommitter(), state);
        if (last.size() > KEPT) {
            last.remove(last.keySet().iterator().next());
        }
    }

    List<CommitterState> toMessages() {
        return List.copyOf(last.values());
    }
}
