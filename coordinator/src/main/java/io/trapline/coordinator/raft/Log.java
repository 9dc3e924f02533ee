package io.trapline.coordinator.raft;

import io.trapline.internal.v1.LogEntry;
import java.util.concurrent.CompletionStage;

/** The replicated log, as its writer sees it. Any thread may call it; nothing blocks. */
public interface Log {
    /**
     * Appends an entry. It ends when the entry was applied here, or with a failure, which does not say whether the entry will be
     * applied; but this attempt has appended it in no later term than {@link #writtenTerm} says afterwards.
     */
    CompletionStage<Void> propose(LogEntry entry);

    /**
     * No entry was appended by this life of the replica in a later term; 0 = none was at all. It says nothing of a term in which another
     * replica leads: what this one failed to append is settled by that leader's first entry.
     */
    long writtenTerm();

    /** Whether the configuration of now names nobody else, so that nobody else can lead. */
    boolean isAlone();
}
