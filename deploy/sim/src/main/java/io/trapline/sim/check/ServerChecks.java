package io.trapline.sim.check;

import io.trapline.model.Errno;
import io.trapline.model.IoreqAttributes;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What one server has passed to emulators and what it believes of them (A6, C4, C7, F1 – F6, S5). */
public final class ServerChecks {
    private final int id;
    private final long generation;
    private final long timeoutNanos;
    private final History history;
    private final Promises promises;
    private final CarriedOut carriedOut;
    private final List<ShardModel> shards;
    private final Map<IoreqKey, Delivered> delivered = new HashMap<>();
    private final Map<IoreqKey, Long> lastRun = new HashMap<>();
    private long session;
    private long run;

    /** An ioreq that is with an emulator. */
    private record Delivered(
            GuestAccess access, long session, long nanos, boolean posted, byte claimedType, long decidedRevision) {}

    public ServerChecks(
            int id,
            long generation,
            int timeoutMillis,
            History history,
            Promises promises,
            CarriedOut carriedOut,
            List<ShardModel> shards) {
        this.id = id;
        this.generation = generation;
        this.timeoutNanos = timeoutMillis * 1_000_000L;
        this.history = history;
        this.promises = promises;
        this.carriedOut = carriedOut;
        this.shards = shards;
    }

    /** A session's stream is bound. */
    public void bound(long aSession, long aRun) {
        session = aSession;
        run = aRun;
    }

    /** Ioreqs go to the emulator. */
    public void delivers(long nowNanos, long decidedRevision, IoreqRows rows) {
        if (promises.isSessionFenced(generation, session)) {
            throw new Violation("S5", "server %d delivers to session %d, which is fenced", id, session);
        }
        promises.mustRun("server " + id + " delivers");
        for (int i = 0; i < rows.size(); i++) {
            deliver(nowNanos, decidedRevision, rows, i);
        }
    }

    private void deliver(long nowNanos, long decidedRevision, IoreqRows rows, int i) {
        IoreqKey key = IoreqKey.of(rows.keys(), i);
        GuestAccess access = history.of(key.access());
        boolean posted = access.isPosted() || (rows.marks(i) & IoreqAttributes.MARK_POSTED) != 0;
        promises.mayBePassed(access.toString(), id, rows.claimedType(i), access.isWrite());
        if (!posted && promises.isFenced(key.vcpu(), key.epoch())) {
            throw new Violation("A6", "server %d delivers %s of a fenced stream", id, access);
        }
        if (!posted && access.hasOutcome()) {
            throw new Violation("A4, F4", "server %d delivers %s, which has its outcome", id, access);
        }
        if (shards.stream().noneMatch(shard -> shard.isAt(key, id))) {
            throw new Violation("F5", "server %d delivers %s, which is decided elsewhere", id, access);
        }
        Long before = lastRun.put(key, run);
        if (before != null && before != run && (rows.marks(i) & IoreqAttributes.MARK_REDELIVERED) == 0) {
            throw new Violation("F6", "server %d delivers %s to another run without saying so", id, access);
        }
        delivered.put(key, new Delivered(access, session, nowNanos, posted, rows.claimedType(i), decidedRevision));
        long inSlots = delivered.values().stream()
                .filter(other -> !other.posted
                        && other.access.key.vcpu() == key.vcpu()
                        && other.access.key.epoch() == key.epoch())
                .count();
        if (inSlots > access.window) {
            throw new Violation("F1", "vCPU %d has %d slots in use at server %d", key.vcpu(), inSlots, id);
        }
    }

    /** Outcomes go to a shard. */
    public void completes(long nowNanos, OutcomeRows rows) {
        for (int i = 0; i < rows.size(); i++) {
            IoreqKey key = IoreqKey.of(rows.keys(), i);
            GuestAccess access = history.of(key.access());
            Delivered was = delivered.remove(key);
            access.isEnded = true;
            if (rows.errno(i) == Errno.ETIMEDOUT.number()) {
                checkTimeout(nowNanos, access, was);
            } else if (rows.errno(i) == Errno.OK) {
                checkAnswer(key, access, rows.data(i));
            }
        }
    }

    private void checkTimeout(long nowNanos, GuestAccess access, @Nullable Delivered was) {
        boolean ownTime = nowNanos - access.submittedNanos >= access.timeoutNanos;
        long since = was == null ? access.submittedNanos : was.nanos;
        if (!ownTime && (timeoutNanos == 0 || nowNanos - since < timeoutNanos)) {
            throw new Violation("F4", "%s times out at server %d before its time", access, id);
        }
    }

    private void checkAnswer(IoreqKey key, GuestAccess access, long data) {
        CarriedOut.Act act = carriedOut.by(run, key);
        if (act == null || act.server() != id) {
            throw new Violation(
                    "S5, F2", "server %d believes an answer to %s that its emulator did not give", id, access);
        }
        if (act.value() != data) {
            throw new Violation("F2", "%s is answered %x, and %x by server %d", access, act.value(), data, id);
        }
    }

    /** Rows go back to a shard. */
    public void givesBack(KeyRows keys) {
        for (int i = 0; i < keys.size(); i++) {
            delivered.remove(IoreqKey.of(keys, i));
            lastRun.remove(IoreqKey.of(keys, i));
        }
    }

    /** The server is done with posted writes (F3). */
    public void finishesPosted(long nowNanos, KeyRows keys) {
        for (int i = 0; i < keys.size(); i++) {
            IoreqKey key = IoreqKey.of(keys, i);
            Delivered was = delivered.remove(key);
            boolean timedOut = was != null && timeoutNanos > 0 && nowNanos - was.nanos >= timeoutNanos;
            if (!timedOut && !carriedOut.byAnybody(key)) {
                throw new Violation("F3", "server %d loses the posted %s", id, history.of(key.access()));
            }
        }
    }

    /** The server has let go what a vCPU had under older epochs (A6). */
    public void fences(int vcpu, long epoch) {
        delivered
                .values()
                .removeIf(row -> !row.posted && row.access.key.vcpu() == vcpu && row.access.key.epoch() < epoch);
    }

    /** F6: marks go to the emulator. */
    public void settles(int vcpu, long epoch, long through) {
        for (Map.Entry<IoreqKey, Delivered> row : delivered.entrySet()) {
            IoreqKey key = row.getKey();
            if (key.vcpu() == vcpu && key.epoch() == epoch && key.sequence() <= through) {
                throw new Violation("F6", "server %d settles %d, and has %s", id, through, row.getValue().access);
            }
        }
    }

    /** F2: a call for the server is let through. */
    public void passesGate(long forSession, KeyRows serving) {
        if (promises.isSessionFenced(generation, forSession)) {
            throw new Violation("F2, S5", "server %d lets a call of session %d pass, which is fenced", id, forSession);
        }
        for (int i = 0; i < serving.size(); i++) {
            IoreqKey key = IoreqKey.of(serving, i);
            Delivered row = delivered.get(key);
            if (row == null) {
                throw new Violation("F2, F5", "server %d lets a call for %s pass, which is not under way", id, key);
            }
            if (!row.posted && promises.isFenced(key.vcpu(), key.epoch())) {
                throw new Violation("A6, F2", "server %d lets a call for %s of a fenced stream pass", id, key);
            }
        }
    }

    /** F5: what a drain of {@code ioreq_server[x]}, or (x = -1) of everything, waited for is said to be over. */
    public void isDrained(long revision, int x) {
        for (Delivered row : delivered.values()) {
            if ((x < 0 || row.claimedType == x) && row.decidedRevision < revision) {
                throw new Violation("F5, C5", "server %d is drained of %d, and has %s", id, revision, row.access);
            }
        }
    }

    /** F6: an emulator neither carries an ioreq out nor answers it, for another reason than that it was decided too early (C4). */
    public void isRefused(long bySession, IoreqKey key) {
        Delivered row = delivered.get(key);
        if (row != null && row.session == bySession && bySession == session) {
            throw new Violation("F6", "the emulator of server %d takes %s for one that is over", id, row.access);
        }
    }

    /** How many ioreqs are with emulators. */
    public int inProcess() {
        return delivered.size();
    }
}
