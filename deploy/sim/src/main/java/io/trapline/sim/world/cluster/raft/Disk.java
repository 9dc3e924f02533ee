package io.trapline.sim.world.cluster.raft;

import io.trapline.internal.v1.Snapshot;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What outlives a replica's process: its term and vote, its snapshot, and the log behind it, of which only what was flushed survives a crash. */
final class Disk {
    /**
     * A registry as it was after the entry at an index.
     *
     * @param term of that entry
     */
    record Saved(long index, long term, Snapshot registry) {}

    private final List<Entry> entries = new ArrayList<>();
    private long term;
    private int vote = -1;
    private @Nullable Saved saved;
    private long lastPurged;
    private long lastPurgedTerm;
    private long flushed;

    /** One on which nothing is. */
    Disk() {}

    /** One of a cluster that begins with a registry. */
    Disk(Snapshot registry) {
        term = 1;
        install(new Saved(1, 1, registry));
    }

    long term() {
        return term;
    }

    /** For whom it has voted in its term; -1 = for nobody. */
    int vote() {
        return vote;
    }

    void newTerm(long aTerm) {
        term = aTerm;
        vote = -1;
    }

    void vote(int replica) {
        vote = replica;
    }

    @Nullable
    Saved saved() {
        return saved;
    }

    long lastIndex() {
        return lastPurged + entries.size();
    }

    long lastPurged() {
        return lastPurged;
    }

    long flushed() {
        return flushed;
    }

    /** Of an entry that is not purged, of the last purged one, or of none at all (index 0). */
    long termOf(long index) {
        return index == lastPurged ? lastPurgedTerm : entry(index).term();
    }

    Entry entry(long index) {
        return entries.get((int) (index - lastPurged - 1));
    }

    /** So many entries from there on, at most; copied. */
    List<Entry> from(long index, int most) {
        int first = (int) (index - lastPurged - 1);
        return List.copyOf(entries.subList(first, Math.min(entries.size(), first + most)));
    }

    void append(Entry entry) {
        entries.add(entry);
    }

    void truncateFrom(long index) {
        entries.subList((int) (index - lastPurged - 1), entries.size()).clear();
        flushed = Math.min(flushed, index - 1);
    }

    /** The log is on disk up to there, unless it has become shorter. */
    void flush(long index) {
        flushed = Math.max(flushed, Math.min(index, lastIndex()));
    }

    /** The process is gone, and what was not flushed with it. */
    void crash() {
        if (lastIndex() > flushed) {
            truncateFrom(flushed + 1);
        }
    }

    /** What is applied is saved, and the log before it goes but for some entries. */
    void save(Saved now, int keep) {
        saved = now;
        long through = Math.min(now.index(), flushed) - keep;
        if (through > lastPurged) {
            long of = termOf(through);
            entries.subList(0, (int) (through - lastPurged)).clear();
            lastPurged = through;
            lastPurgedTerm = of;
        }
    }

    /** A snapshot from the leader takes the place of the log, but for what of that goes on behind it. */
    void install(Saved from) {
        saved = from;
        boolean goesOn =
                from.index() > lastPurged && from.index() <= lastIndex() && termOf(from.index()) == from.term();
        if (goesOn) {
            entries.subList(0, (int) (from.index() - lastPurged)).clear();
        } else {
            entries.clear();
        }
        lastPurged = from.index();
        lastPurgedTerm = from.term();
        flushed = goesOn ? Math.max(flushed, from.index()) : from.index();
    }
}
