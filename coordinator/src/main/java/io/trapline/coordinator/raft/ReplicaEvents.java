package io.trapline.coordinator.raft;

/** What a replica tells, each from Raft's own threads, in order; nobody may block in there. */
public interface ReplicaEvents {
    /**
     * An entry was applied. A replica that starts tells of those behind its snapshot again. One that has got a snapshot from its leader
     * tells of the last entry of each committer in it, without changes: it does not lead.
     */
    void applied(Applied applied);

    /** An entry of Raft's own, or a snapshot that ends with that term, was applied. Terms do not fall. */
    void termApplied(long term);

    /** This replica leads in that term; everything that was committed before is applied, and so is an entry of the term. */
    void leading(long term);

    /** This replica leads no longer. */
    void notLeading();

    /** Another one leads now, or this one, perhaps without being ready yet. */
    void leader(Leader leader);

    /** The log can no longer be written, or an entry could not be applied: the process must end. */
    void failed(Throwable why);

    /**
     * Who leads.
     *
     * @param peer its id
     * @param address where its services are, {@code host:port}; empty = not known
     */
    record Leader(String peer, String address) {}
}
