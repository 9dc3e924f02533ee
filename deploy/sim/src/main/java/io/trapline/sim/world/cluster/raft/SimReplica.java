package io.trapline.sim.world.cluster.raft;

import io.trapline.coordinator.raft.Applied;
import io.trapline.coordinator.raft.ReplicaEvents;
import io.trapline.coordinator.raft.Succession;
import io.trapline.coordinator.registry.Registry;
import io.trapline.coordinator.registry.RegistryView;
import io.trapline.coordinator.registry.Result;
import io.trapline.internal.v1.LogEntry;
import io.trapline.sim.world.cluster.host.SimHost;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * One life of one replica. It applies to the real registry. A leader that is cut off or stopped goes on leading for itself; what it appended may be committed by
 * another leader, or vanish.
 */
public final class SimReplica {
    private static final long HEARTBEAT = 100_000_000;
    private static final int MOST_ENTRIES = 64;
    private static final long NANOS_PER_MILLI = 1_000_000;

    private enum Role {
        FOLLOWER,
        CANDIDATE,
        LEADER
    }

    /** What became of a proposal, for whoever made it. */
    public interface Proposal {
        /** Its attempt is over; as {@link io.trapline.coordinator.raft.Log} says it. */
        void ended(boolean failed, long writtenTerm);
    }

    private record Pending(long index, long term, Proposal proposal) {}

    private final SimLog log;
    private final int self;
    private final Disk disk;
    private final ReplicaEvents events;
    private final SimHost host;
    private final long[] next;
    private final long[] match;
    private final long[] heard;
    private final List<Pending> pending = new ArrayList<>();
    private Registry registry = Registry.empty();
    private Role role = Role.FOLLOWER;
    private final BitSet voters = new BitSet();
    private int leader = -1;
    private boolean isReady;
    private long committed;
    private long applied;
    private long election;
    private int sinceSaved;
    private long lastAppendedNanos;
    private long writtenTerm;

    SimReplica(SimLog log, int self, Disk disk, ReplicaEvents events) {
        this.log = log;
        this.self = self;
        this.disk = disk;
        this.events = events;
        host = log.hosts.get(self);
        next = new long[log.size()];
        match = new long[log.size()];
        heard = new long[log.size()];
    }

    /** It goes on from its disk. */
    public void begin() {
        restore();
        awaitElection();
    }

    private void restore() {
        Disk.Saved saved = disk.saved();
        registry = saved == null ? Registry.empty() : Registry.restore(saved.registry());
        applied = saved == null ? 0 : saved.index();
        committed = Math.max(committed, applied);
    }

    /** What it knows, as far as it has applied the log. */
    public RegistryView view() {
        return registry.view();
    }

    /** The registry, to compare. */
    public Registry registry() {
        return registry;
    }

    public long applied() {
        return applied;
    }

    public long term() {
        return disk.term();
    }

    /** Whether it takes itself for the leader. */
    public boolean leads() {
        return role == Role.LEADER;
    }

    /** Whom it takes for the leader; -1 = it knows of none. */
    public int leader() {
        return leader;
    }

    /** True time at which the entry that was applied last was appended by a leader. */
    public long lastAppendedNanos() {
        return lastAppendedNanos;
    }

    /** Appends an entry, where it leads. */
    public void propose(LogEntry entry, Proposal proposal) {
        if (role != Role.LEADER) {
            host.after(0, () -> proposal.ended(true, writtenTerm));
            return;
        }
        writtenTerm = disk.term();
        append(new Entry(disk.term(), entry, log.agenda.now()));
        pending.add(new Pending(disk.lastIndex(), disk.term(), proposal));
    }

    private void append(Entry entry) {
        disk.append(entry);
        flush();
        replicate();
    }

    private void flush() {
        long through = disk.lastIndex();
        long of = disk.termOf(through);
        host.after(log.settings.flushTime(), () -> {
            // What was there when it was flushed may have been replaced.
            if (through <= disk.lastPurged() || (through <= disk.lastIndex() && disk.termOf(through) == of)) {
                disk.flush(through);
                if (role == Role.LEADER) {
                    commit();
                }
            }
        });
    }

    // ---- elections

    /** It leaves on purpose, where it leads. */
    public void handOver(Runnable left) {
        if (leads()) {
            new LeaderTransfer(this, left).begin();
        } else {
            left.run();
        }
    }

    SimHost host() {
        return host;
    }

    /** Its followers, as it knows them. */
    List<Succession.Follower> followers() {
        long now = host.clock().getAsLong();
        List<Succession.Follower> followers = new ArrayList<>();
        for (int other = 0; other < log.size(); other++) {
            if (other != self) {
                followers.add(new Succession.Follower(
                        log.hosts.get(other).name(), (now - heard[other]) / NANOS_PER_MILLI, match[other]));
            }
        }
        return followers;
    }

    /** A follower that has all of the log is asked to stand, unless there has been another term by then. */
    boolean asksToStand(String follower) {
        for (int other = 0; other < log.size(); other++) {
            if (log.hosts.get(other).name().equals(follower) && match[other] == disk.lastIndex()) {
                long term = disk.term();
                log.send(self, other, () -> "is to stand after " + term, peer -> peer.stands(term));
                return true;
            }
        }
        return false;
    }

    private void stands(long after) {
        if (disk.term() == after && role == Role.FOLLOWER) {
            standForElection();
        }
    }

    void stepDown(long ofTerm) {
        if (leads() && disk.term() == ofTerm) {
            follow(ofTerm);
        }
    }

    private void awaitElection() {
        long ofElection = ++election;
        host.after(log.settings.electionTimeout(), () -> {
            if (ofElection == election && role != Role.LEADER) {
                standForElection();
            }
        });
    }

    private void standForElection() {
        role = Role.CANDIDATE;
        leader = -1;
        disk.newTerm(disk.term() + 1);
        disk.vote(self);
        voters.clear();
        voters.set(self);
        log.agenda.say(() -> host.name() + " stands for term " + disk.term());
        awaitElection();
        if (isMajority(voters.cardinality())) {
            lead();
            return;
        }
        long term = disk.term();
        long lastIndex = disk.flushed();
        long lastTerm = disk.termOf(lastIndex);
        for (int other = 0; other < log.size(); other++) {
            if (other != self) {
                log.send(self, other, () -> "vote in " + term, peer -> peer.asked(self, term, lastIndex, lastTerm));
            }
        }
    }

    private void asked(int candidate, long term, long lastIndex, long lastTerm) {
        if (term > disk.term()) {
            follow(term);
        }
        long mineTerm = disk.termOf(disk.lastIndex());
        boolean upToDate = lastTerm > mineTerm || (lastTerm == mineTerm && lastIndex >= disk.lastIndex());
        boolean granted = term == disk.term() && upToDate && (disk.vote() == -1 || disk.vote() == candidate);
        if (granted) {
            disk.vote(candidate);
            awaitElection();
        }
        long mine = disk.term();
        log.send(
                self,
                candidate,
                () -> (granted ? "votes for it in " : "no vote in ") + mine,
                peer -> peer.voted(self, mine, granted));
    }

    private void voted(int from, long term, boolean granted) {
        if (term > disk.term()) {
            follow(term);
        } else if (granted && role == Role.CANDIDATE && term == disk.term()) {
            voters.set(from);
            if (isMajority(voters.cardinality())) {
                lead();
            }
        }
    }

    private void leads(int replica) {
        if (leader != replica) {
            leader = replica;
            String name = log.hosts.get(replica).name();
            events.leader(new ReplicaEvents.Leader(name, name));
        }
    }

    private boolean isMajority(int replicas) {
        return 2 * replicas > log.size();
    }

    private void lead() {
        role = Role.LEADER;
        leads(self);
        isReady = false;
        log.agenda.say(() -> host.name() + " leads in term " + disk.term());
        long now = host.clock().getAsLong();
        Arrays.fill(next, disk.lastIndex() + 1);
        Arrays.fill(match, 0);
        Arrays.fill(heard, now);
        append(new Entry(disk.term(), LogEntry.getDefaultInstance(), log.agenda.now()));
        heartbeat(disk.term());
    }

    private void follow(long term) {
        boolean led = role == Role.LEADER;
        boolean ready = isReady;
        role = Role.FOLLOWER;
        leader = -1;
        isReady = false;
        if (term > disk.term()) {
            disk.newTerm(term);
        }
        if (led) {
            log.agenda.say(() -> host.name() + " leads no longer");
            failPending();
            awaitElection();
        }
        if (ready) {
            events.notLeading();
        }
    }

    private void failPending() {
        List<Pending> failed = List.copyOf(pending);
        pending.clear();
        failed.forEach(each -> host.after(0, () -> each.proposal().ended(true, writtenTerm)));
    }

    // ---- replication

    private void heartbeat(long term) {
        host.after(HEARTBEAT, () -> {
            if (role == Role.LEADER && disk.term() == term) {
                if (log.settings.stepsDown && isAlone()) {
                    follow(term);
                    return;
                }
                for (int other = 0; other < log.size(); other++) {
                    if (other != self) {
                        sendTo(other);
                    }
                }
                heartbeat(term);
            }
        });
    }

    private boolean isAlone() {
        long since = host.clock().getAsLong() - log.settings.electionTimeout();
        int with = 1;
        for (int other = 0; other < log.size(); other++) {
            with += other != self && heard[other] - since >= 0 ? 1 : 0;
        }
        return !isMajority(with);
    }

    private void replicate() {
        for (int other = 0; other < log.size(); other++) {
            if (other != self && next[other] == disk.lastIndex()) {
                sendTo(other);
            }
        }
        commit();
    }

    private void sendTo(int other) {
        long term = disk.term();
        if (next[other] <= disk.lastPurged()) {
            Disk.Saved saved = Objects.requireNonNull(disk.saved(), "what is purged was saved");
            next[other] = saved.index() + 1;
            log.send(self, other, () -> "snapshot at " + saved.index(), peer -> peer.install(self, term, saved));
            return;
        }
        long before = next[other] - 1;
        long termBefore = disk.termOf(before);
        List<Entry> entries = disk.from(next[other], MOST_ENTRIES);
        long commits = committed;
        next[other] += entries.size();
        log.send(
                self,
                other,
                () -> "term " + term + ": " + entries.size() + " entries from " + (before + 1) + ", committed "
                        + commits,
                peer -> peer.appendAfter(self, term, before, termBefore, entries, commits));
    }

    @SuppressWarnings("ReferenceEquality") // Two that are equal are not the same entry.
    private void appendAfter(int from, long term, long before, long termBefore, List<Entry> entries, long commits) {
        if (!hears(from, term)) {
            return;
        }
        if (before > disk.lastIndex() || (before > disk.lastPurged() && disk.termOf(before) != termBefore)) {
            long hint = Math.min(before - 1, disk.lastIndex());
            answer(from, term, false, Math.max(hint, applied));
            return;
        }
        long index = before;
        for (Entry entry : entries) {
            index++;
            if (index <= disk.lastPurged()) {
                continue;
            }
            if (index <= disk.lastIndex() && disk.entry(index) != entry) {
                log.checks.overwrites(host.name(), index, applied);
                disk.truncateFrom(index);
            }
            if (index > disk.lastIndex()) {
                disk.append(entry);
            }
        }
        long through = index;
        if (through <= disk.flushed()) {
            stored(from, term, through, commits);
        } else {
            host.after(log.settings.flushTime(), () -> {
                if (disk.term() == term) {
                    disk.flush(through);
                    stored(from, term, through, commits);
                }
            });
        }
    }

    private void stored(int from, long term, long through, long commits) {
        answer(from, term, true, through);
        advance(Math.min(commits, through));
    }

    private void install(int from, long term, Disk.Saved saved) {
        if (!hears(from, term)) {
            return;
        }
        if (saved.index() > applied) {
            disk.install(saved);
            sinceSaved = 0;
            restore();
            tellOfSnapshot(saved);
        }
        answer(from, term, true, saved.index());
    }

    /** As a real replica does: who waits for an entry that is in the snapshot gets its answers. */
    private void tellOfSnapshot(Disk.Saved saved) {
        saved.registry()
                .getCommittersList()
                .forEach(committer -> events.applied(new Applied(
                        saved.index(),
                        saved.term(),
                        committer.getCommitter(),
                        committer.getNumber(),
                        committer.getAnswersList().stream()
                                .map(answer -> new Result(answer, Optional.empty()))
                                .toList())));
        events.termApplied(saved.term());
    }

    /** Whether the message is of the leader of this term or of a later one. */
    private boolean hears(int from, long term) {
        if (term < disk.term()) {
            answer(from, disk.term(), false, 0);
            return false;
        }
        if (term > disk.term() || role == Role.CANDIDATE) {
            follow(term);
        }
        leads(from);
        awaitElection();
        return true;
    }

    private void answer(int to, long term, boolean stored, long through) {
        log.send(
                self,
                to,
                () -> (stored ? "has " : "lacks what is before ") + through + " in term " + term,
                peer -> peer.answered(self, term, stored, through));
    }

    private void answered(int from, long term, boolean stored, long through) {
        if (term > disk.term()) {
            follow(term);
        } else if (role == Role.LEADER && term == disk.term()) {
            heard[from] = host.clock().getAsLong();
            if (stored) {
                match[from] = Math.max(match[from], through);
                next[from] = Math.max(next[from], through + 1);
                commit();
            } else {
                next[from] = Math.max(match[from], through) + 1;
            }
            if (next[from] <= disk.lastIndex()) {
                sendTo(from);
            }
        }
    }

    private void commit() {
        match[self] = disk.flushed();
        long[] sorted = match.clone();
        Arrays.sort(sorted);
        long majority = sorted[(sorted.length - 1) / 2];
        if (majority > committed && disk.termOf(majority) == disk.term()) {
            advance(majority);
        }
    }

    // ---- the registry

    private void advance(long through) {
        committed = Math.max(committed, through);
        while (applied < committed) {
            apply(applied + 1);
        }
        if (sinceSaved >= log.settings.saveEvery) {
            sinceSaved = 0;
            disk.save(new Disk.Saved(applied, disk.termOf(applied), registry.snapshot()), log.settings.keep);
        }
    }

    private void apply(long index) {
        Entry entry = disk.entry(index);
        List<Result> results = entry.isRafts() ? List.of() : registry.apply(index, entry.command());
        applied = index;
        sinceSaved++;
        lastAppendedNanos = entry.appendedNanos();
        log.checks.applied(host.name(), index, entry, entry.command(), entry.appendedNanos(), results);
        if (entry.isRafts()) {
            events.termApplied(entry.term());
            if (role == Role.LEADER && entry.term() == disk.term()) {
                isReady = true;
                events.leading(disk.term());
            }
        } else {
            events.applied(new Applied(
                    index,
                    entry.term(),
                    entry.command().getCommitter(),
                    entry.command().getNumber(),
                    results));
        }
        Pending first = pending.isEmpty() ? null : pending.getFirst();
        if (first != null && first.index() == index && first.term() == entry.term()) {
            pending.removeFirst();
            host.after(0, () -> first.proposal().ended(false, writtenTerm));
        }
    }

    /** For a reader. */
    @Override
    public String toString() {
        return host + ": " + role + " in " + disk.term() + ", log to " + disk.lastIndex() + ", applied " + applied;
    }
}
