package io.trapline.coordinator.raft;

import io.trapline.internal.v1.LogEntry;
import java.util.concurrent.CompletionStage;

/** The replicated log, as its writer sees it. Any thread may call it; nothing blocks. */
public interface Log {
    /**
     * Appends an entry. It ends when the entry was applied here, or with a failure, which does not say whether the entry will be
     * applied; but it will not be appended any more in a later term than {@link #currentTerm} says afterwards.
     */
    CompletionStage<Void> propose(LogEntry entry);

    /** The highest term that this replica has seen; 0 before it was started. */
    long currentTerm();

    /** Whether the configuration of now names nobody else, so that nobody else can lead. */
    boolean isAlone();
}
