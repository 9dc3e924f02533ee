package io.trapline.sim.check;

import io.trapline.model.Errno;
import io.trapline.model.IoreqAttributes;
import io.trapline.node.protocol.Drain;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.OutcomeRows;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** What one server has passed to emulators and what it believes of them (A6, C4, C7, F1 – F6, S5). */
public final class ServerChecks {
    /** Of two hosts; the time on the way is never taken for less than it is. */
    private static final double CLOCKS_DIFFER = 0.92;

    private final int id;
    private final long generation;
    private final long timeoutNanos;
    private final History history;
    private final Promises promises;
    private final CarriedOut carriedOut;
    private final List<ShardModel> shards;
    private final Map<IoreqKey, Delivered> delivered = new HashMap<>();
    /** To which run it was passed last, by whatever node had the server. */
    private final Map<IoreqKey, Long> lastRun;

    private final LongSupplier time;
    /** What the run had under way when its session began: the server may know so, and not pass it again (S5). */
    private final Set<IoreqKey> stillUnderWay = new HashSet<>();

    /** What shards have asked about, and by which revision it was decided anew then (D-22). */
    private final Map<IoreqKey, Long> asked = new HashMap<>();

    /** What shards were told at this home, and what of it: another copy of one may ask once more. */
    private final Map<IoreqKey, Said> said = new HashMap<>();

    private final HomeAsks homeAsks;
    private final SlotChecks slots;
    private final DrainChecks drains;
    private long homeEpoch;
    private long session;
    private long boundNanos;
    private long run;
    private boolean isBound;
    private boolean isBinding;

    private record Said(long data, byte errno) {}

    public ServerChecks(
            int id,
            long generation,
            int timeoutMillis,
            History history,
            Promises promises,
            CarriedOut carriedOut,
            List<ShardModel> shards,
            Map<IoreqKey, Long> lastRun,
            Map<IoreqKey, Long> passed,
            LongSupplier time) {
        this.id = id;
        this.generation = generation;
        this.timeoutNanos = timeoutMillis * 1_000_000L;
        this.history = history;
        this.promises = promises;
        this.carriedOut = carriedOut;
        this.shards = shards;
        this.lastRun = lastRun;
        homeAsks = new HomeAsks(passed);
        this.time = time;
        slots = new SlotChecks(id);
        drains = new DrainChecks(id, delivered);
    }

    /** A session's stream is being bound: the run says what it has of before (S5). */
    public void binds(long nowNanos, long aSession, long aRun, List<IoreqKey> underWay) {
        boundNanos = nowNanos;
        stillUnderWay.clear();
        stillUnderWay.addAll(underWay);
        session = aSession;
        run = aRun;
        isBound = true;
        isBinding = true;
        slots.clear();
    }

    /** What the run has of before is being believed, perhaps. */
    public void binding() {
        isBinding = true;
    }

    /** It is bound. */
    public void bound() {
        isBinding = false;
    }

    /** No stream is bound any more. */
    public void unbound() {
        isBound = false;
    }

    /** The server hears of a change of the registry. */
    public void applies(long nowNanos, ServerView view, List<VcpuOpening> opened, List<Drain> begun) {
        if (view.homeEpoch() != homeEpoch) {
            // What it had is another home's now, which is asked about it (D-22).
            homeEpoch = view.homeEpoch();
            homeAsks.comes(homeEpoch);
            asked.clear();
            said.clear();
            delivered.clear();
            stillUnderWay.clear();
            slots.clear();
        }
        for (VcpuOpening opening : opened) {
            int vcpu = opening.vcpu();
            long epoch = opening.epoch();
            delivered
                    .values()
                    .removeIf(row -> !row.posted && row.access.key.vcpu() == vcpu && row.access.key.epoch() < epoch);
            slots.fences(vcpu, epoch);
        }
        drains.applies(nowNanos, view, begun);
    }

    /**
     * Shards ask about what the server had elsewhere, and what goes nowhere else by that revision is here (D-22).
     *
     * @param ofHome the home that is asked
     * @param begun whether the server has begun there
     */
    public void asks(long revision, long ofHome, boolean begun, KeyRows keys) {
        homeAsks.asks(ofHome, begun, keys);
        for (int i = 0; i < keys.size(); i++) {
            asked.put(IoreqKey.of(keys, i), revision);
        }
    }

    /** A shard wants rows back. */
    public void recalls(long nowNanos, KeyRows keys, int drainMillis) {
        drains.recalls(nowNanos, keys, drainMillis);
    }

    /** The emulator of a session answers: what it has answered keeps no slot (F4). */
    public void answers(long bySession, OutcomeRows rows) {
        for (int i = 0; i < rows.size() && bySession == session; i++) {
            IoreqKey key = IoreqKey.of(rows.keys(), i);
            GuestAccess access = history.find(key.access());
            if (access != null && !delivered.containsKey(key)) {
                slots.frees(key, access);
            }
        }
    }

    /** Of those answers, the ones to ioreqs that are not with the emulator (F1). */
    public OutcomeRows late(OutcomeRows rows) {
        OutcomeRows late = new OutcomeRows(rows.size());
        for (int i = 0; i < rows.size(); i++) {
            IoreqKey key = IoreqKey.of(rows.keys(), i);
            if (!delivered.containsKey(key)) {
                late.add(key.vcpu(), key.epoch(), key.sequence(), key.part(), rows.data(i), rows.errno(i));
            }
        }
        return late;
    }

    /** The posted writes that the server is known to have (F3). */
    public KeyRows posted() {
        return history.postedAt(id);
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
        promises.mayBePassed(access, id, rows.claimedType(i), rows.address(i), rows.count(i), rows.attributes(i));
        if (!posted && promises.isFenced(key.vcpu(), key.epoch())) {
            throw new Violation("A6", "server %d delivers %s of a fenced stream", id, access);
        }
        if (!posted && access.isDone()) {
            throw new Violation("A4, F4", "server %d delivers %s, which has its outcome", id, access);
        }
        if (shards.stream().noneMatch(shard -> shard.isAt(key, id))) {
            throw new Violation("F5", "server %d delivers %s, which is decided elsewhere", id, access);
        }
        if (!lastRun.containsKey(key) && !asked.containsKey(key)) {
            promises.types().mayBeDelivered(access, id, rows.claimedType(i), rows.address(i));
        }
        Long before = lastRun.put(key, run);
        if (before != null && before != run && (rows.marks(i) & IoreqAttributes.MARK_REDELIVERED) == 0) {
            throw new Violation("F6", "server %d delivers %s to another run without saying so", id, access);
        }
        access.isRefused = false;
        long decided = Math.max(decidedRevision, asked.getOrDefault(key, 0L));
        delivered.put(key, new Delivered(access, session, nowNanos, posted, rows.claimedType(i), decided));
        if (!posted) {
            slots.takes(key, access);
        }
    }

    /** Outcomes go to a shard. */
    public void completes(long nowNanos, OutcomeRows rows) {
        for (int i = 0; i < rows.size(); i++) {
            IoreqKey key = IoreqKey.of(rows.keys(), i);
            GuestAccess access = history.of(key.access());
            Said now = new Said(rows.data(i), rows.errno(i));
            if (isSaidAgain(key, access, now)) {
                continue;
            }
            said.put(key, now);
            Delivered was = delivered.remove(key);
            access.isEnded = true;
            boolean timedOut = rows.errno(i) == Errno.ETIMEDOUT.number();
            if (timedOut) {
                checkTimeout(nowNanos, access, was);
            } else if (rows.errno(i) == Errno.OK) {
                if (was == null && !isBinding && !stillUnderWay.remove(key)) {
                    throw new Violation("F1, F5", "server %d believes an answer to %s, which nobody has", id, access);
                }
                checkAnswer(key, access, rows.data(i));
            }
            // What has timed out with the emulator keeps its slot for the late answer.
            if (!timedOut || was == null || was.session != session) {
                slots.frees(key, access);
            }
        }
    }

    /** What another copy of the shard asks about is told as it was told the one before (D-23). */
    private boolean isSaidAgain(IoreqKey key, GuestAccess access, Said now) {
        Said before = asked.containsKey(key) && !delivered.containsKey(key) ? said.get(key) : null;
        if (before != null && !before.equals(now)) {
            throw new Violation("A4", "server %d has said %s of %s, and says %s", id, before, access, now);
        }
        return before != null;
    }

    private void checkTimeout(long nowNanos, GuestAccess access, @Nullable Delivered was) {
        boolean ownTime = time.getAsLong() - access.submittedNanos >= CLOCKS_DIFFER * access.timeoutNanos;
        boolean serversTime = was == null
                ? time.getAsLong() - access.submittedNanos >= CLOCKS_DIFFER * timeoutNanos
                : nowNanos - was.nanos >= timeoutNanos;
        if (!ownTime && (timeoutNanos == 0 || !serversTime)) {
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
    public void givesBack(long nowNanos, KeyRows keys) {
        List<GuestAccess> returned = new ArrayList<>();
        for (int i = 0; i < keys.size(); i++) {
            IoreqKey key = IoreqKey.of(keys, i);
            Delivered was = delivered.remove(key);
            lastRun.remove(key);
            said.remove(key);
            stillUnderWay.remove(key);
            if (was != null) {
                slots.frees(key, was.access);
                was.access.isRefused = false;
                returned.add(was.access);
                // One of an earlier session was to be passed anew: it went as what was never passed.
                if (was.session == session) {
                    drains.givesBack(nowNanos, was);
                }
            }
        }
        returned.forEach(this::isOvertaken);
    }

    /** What is with the emulator behind one that went back may be carried out before it. */
    private void isOvertaken(GuestAccess access) {
        for (Delivered other : delivered.values()) {
            AccessKey key = other.access.key;
            if (access.key.isBefore(key) && access.key.epoch() == key.epoch()) {
                access.overtakenThrough = Math.max(access.overtakenThrough, key.sequence());
            }
        }
    }

    /** F4: the server has looked at its deadlines. */
    public void hasLooked(long nowNanos) {
        for (Delivered row : delivered.values()) {
            boolean counts = isBound && timeoutNanos > 0 && row.session == session;
            if (counts && nowNanos - row.nanos >= timeoutNanos) {
                throw new Violation("F4", "server %d has %s beyond its time", id, row.access);
            }
        }
    }

    /** The server is done with posted writes (F3). */
    public void finishesPosted(long nowNanos, KeyRows keys) {
        for (int i = 0; i < keys.size(); i++) {
            IoreqKey key = IoreqKey.of(keys, i);
            Said done = new Said(0, Errno.OK);
            if (isSaidAgain(key, history.of(key.access()), done)) {
                continue;
            }
            said.put(key, done);
            Delivered was = delivered.remove(key);
            boolean isKnown = stillUnderWay.remove(key);
            long since = was == null ? boundNanos : was.nanos;
            boolean timedOut = (was != null || isKnown) && timeoutNanos > 0 && nowNanos - since >= timeoutNanos;
            if (!timedOut && !carriedOut.byAnybody(key)) {
                throw new Violation("F3", "server %d loses the posted %s", id, history.of(key.access()));
            }
        }
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
            if (row == null && (stillUnderWay.contains(key) || isAskedOnly(key))) {
                continue;
            }
            if (row == null) {
                throw new Violation("F2, F5", "server %d lets a call for %s pass, which is not under way", id, key);
            }
            if (!row.posted && promises.isFenced(key.vcpu(), key.epoch())) {
                throw new Violation("A6, F2", "server %d lets a call for %s of a fenced stream pass", id, key);
            }
        }
    }

    /** It came here with its server, and is with an emulator that has not attached here, nor has another: it may still be carried out (D-22). */
    private boolean isAskedOnly(IoreqKey key) {
        return asked.containsKey(key) && !said.containsKey(key) && !isBound;
    }

    /** F5: what a drain of {@code ioreq_server[x]}, or (x = -1) of everything, waited for is said to be over. */
    public void isDrained(long revision, int x) {
        drains.isDrained(revision, x);
    }

    /** An emulator does not carry an ioreq out that was decided too early (C4). */
    public void isTooOld(long bySession, IoreqKey key) {
        Delivered row = delivered.get(key);
        if (row != null && row.session == bySession && bySession == session) {
            row.access.isRefused = true;
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
