package io.trapline.coordinator.lease;

import io.trapline.coordinator.commit.NotLeading;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.RegisterNode;
import io.trapline.model.Errno;
import io.trapline.model.Lease;
import io.trapline.model.Pure;
import io.trapline.model.Refusal;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The leases of one leadership, as its leader counts them (D-10). Times are those of its monotonic clock in nanoseconds, read after what
 * is told was taken from its queue.
 *
 * <p>Invariants: a life is taken for lapsed only when its node, by its own clock, has stopped to serve (V-2); a lease is granted only
 * after a quorum has confirmed the leadership that began before the renewal arrived and goes on after it (V-3); from the moment at which
 * something that relies on a lapse is proposed until it is decided, that life gets no lease (V-4).
 */
@Pure
final class LeaseTable {
    private static final long WAITS_NANOS = Lease.LASTS.plus(Lease.MARGIN).toNanos();
    private static final long DEAD_NANOS = Lease.NODE_DEAD_AFTER.toNanos();

    /** A leader whose ticks were so far apart was stopped itself: renewals may wait for it unread. */
    private static final long STALL_NANOS = Duration.ofMillis(400).toNanos();

    private static final long AFTER_STALL_NANOS = 2 * Lease.RENEW_EVERY.toNanos();

    /** What follows. */
    interface Effects {
        /** A quorum is to confirm the leadership: {@link #confirmed} or {@link #unconfirmed} follows. */
        void confirm(long round);

        /** From now on the life may serve, and is waited for. */
        void leased(NodeLife life);

        /** The life serves no more; it is waited for no longer. */
        void lapsed(NodeLife life);

        /** A renewal is granted. */
        void grant(NodeLife life, long number);

        /** The life gets the registry; where it waits, only the word that an earlier life has to end first. */
        void admit(NodeLife life, boolean waiting);

        /** The life is not registered, and is told why. */
        void refuse(NodeLife life, Refusal why);

        /** The life is over. */
        void over(NodeLife life);

        /** Proposes LapseNode: {@link #lapseDecided} follows. */
        void proposeLapse(NodeLife life);

        /** Proposes EndNode: {@link #endDecided} follows. */
        void proposeEnd(NodeLife life);

        /** Proposes RegisterNode, which where it replaces ends the life before: {@link #registered} or {@link #notRegistered} follows. */
        void proposeRegister(RegisterNode registration, boolean replaces);
    }

    /** What of a life rests on its lapse. */
    interface Roles {
        /** Has the life anything that others take over when it lapses? */
        boolean hasToLose(NodeLife life);

        /** Is it proposed to finish a drain without it? Until that is decided it gets no lease. */
        boolean isPassedOver(NodeLife life);

        /** Is it registered just so? */
        boolean isRegistered(RegisterNode q);
    }

    private enum State {
        /** It may have a lease of an earlier leadership. */
        GRACE,
        LEASED,
        LAPSED,
        /** What relies on its lapse is proposed. */
        ENDING
    }

    private record Renewal(long number, long receivedNanos, long round) {}

    private static final class Entry {
        private final NodeLife life;
        private State state;
        // When the lease ends; of one that has none: when it ended.
        private long end;
        private long admittedNanos;
        private long applied;
        private boolean resigned;
        // Those that wait for a confirmation: at most one of the round under way and one of the next.
        private final ArrayDeque<Renewal> renewals = new ArrayDeque<>();

        private Entry(NodeLife life, State state, long end, long now) {
            this.life = life;
            this.state = state;
            this.end = end;
            this.admittedNanos = now;
        }

        private boolean mayServe() {
            return state == State.GRACE || state == State.LEASED;
        }
    }

    private final Effects effects;
    private final Roles roles;
    private final Owed owed = new Owed();
    private final Map<String, Entry> entries = new TreeMap<>();
    // Lives that wait for an earlier one of their node to end.
    private final Map<String, RegisterNode> waiting = new TreeMap<>();
    // Registrations that are proposed.
    private final Map<String, NodeLife> registering = new TreeMap<>();
    private long round;
    private boolean confirming;
    private long tickedNanos;

    /**
     * A leadership has begun.
     *
     * @param lives those that are registered: any of them may have been granted a lease just before
     */
    LeaseTable(Effects effects, Roles roles, long now, List<NodeLife> lives) {
        this.effects = effects;
        this.roles = roles;
        this.tickedNanos = now;
        for (NodeLife life : lives) {
            entries.put(life.getNode(), new Entry(life, State.GRACE, now + WAITS_NANOS, now));
            effects.leased(life);
        }
    }

    static NodeLife life(RegisterNode registration) {
        return NodeLife.newBuilder()
                .setNode(registration.getNode())
                .setIncarnation(registration.getIncarnation())
                .build();
    }

    /** The lives that hold a lease of this leadership, by name. */
    List<NodeLife> leased() {
        return entries.values().stream()
                .filter(entry -> entry.state == State.LEASED)
                .map(entry -> entry.life)
                .toList();
    }

    /** Whether the life may be serving, by a lease of this leadership or of an earlier one. */
    boolean mayServe(NodeLife life) {
        Entry entry = present(life);
        return entry != null && entry.mayServe();
    }

    /** Whether some life may hold a lease of an earlier leadership, of which this one does not know. */
    boolean isInGrace() {
        return entries.values().stream().anyMatch(entry -> entry.state == State.GRACE);
    }

    /** The registry has reached a revision. */
    void reached(long now, long revision) {
        owed.reached(now, revision);
    }

    /** A life has a new stream. */
    void register(long now, RegisterNode q) {
        NodeLife life = life(q);
        Entry present = entries.get(q.getNode());
        NodeLife proposed = registering.getOrDefault(q.getNode(), life);
        if (!proposed.equals(life)) {
            effects.refuse(life, inUse(life));
        } else if (present != null && present.life.equals(life) && isBack(present, q)) {
            present.admittedNanos = now;
            effects.admit(life, false);
        } else if (present == null || present.life.equals(life)) {
            registering.put(q.getNode(), life);
            effects.proposeRegister(q, false);
        } else {
            RegisterNode earlier = waiting.put(q.getNode(), q);
            // The same life with another stream waits on.
            if (earlier != null && !life(earlier).equals(life)) {
                effects.refuse(life(earlier), inUse(life(earlier)));
            }
            if (present.state == State.LAPSED) {
                decide(now, present);
            } else {
                effects.admit(life, true);
            }
        }
    }

    /** It only has a new stream, and there is nothing to decide: no grant without a confirmation follows from that. */
    private boolean isBack(Entry present, RegisterNode q) {
        return present.state != State.ENDING
                && !present.resigned
                && !registering.containsKey(q.getNode())
                && roles.isRegistered(q);
    }

    /** The stream of a life has ended: it waits no longer to be registered. What has a lease keeps it. */
    void gone(NodeLife life) {
        RegisterNode q = waiting.get(life.getNode());
        if (q != null && life(q).equals(life)) {
            waiting.remove(life.getNode());
        }
    }

    private void forgetWaiting(String node) {
        RegisterNode earlier = waiting.remove(node);
        if (earlier != null) {
            effects.refuse(life(earlier), inUse(life(earlier)));
        }
    }

    /** The life of the registration is the node's life now; one before it is over. */
    void registered(long now, RegisterNode q) {
        NodeLife life = life(q);
        registering.remove(q.getNode(), life);
        gone(life);
        Entry before = entries.get(q.getNode());
        if (before == null || !before.life.equals(life)) {
            entries.put(q.getNode(), new Entry(life, State.LAPSED, now, now));
        } else {
            before.admittedNanos = now;
        }
        if (before != null && !before.life.equals(life)) {
            effects.over(before.life);
        }
        effects.admit(life, false);
    }

    /** The registration was refused and changed nothing. */
    void notRegistered(RegisterNode q, Refusal why) {
        NodeLife life = life(q);
        registering.remove(q.getNode(), life);
        gone(life);
        Entry before = entries.get(q.getNode());
        if (before != null && !before.life.equals(life) && before.state == State.ENDING) {
            before.state = State.LAPSED;
        }
        effects.refuse(life, why);
    }

    /**
     * A life asks for more of its lease.
     *
     * @param number counts the renewals of that life
     * @param applied the revision that it has applied
     */
    void renew(long now, NodeLife life, long number, long applied) {
        Entry entry = present(life);
        if (entry == null || entry.state == State.ENDING || entry.resigned) {
            return;
        }
        // It lives: what waits for its end has come too early, or is a second process of one name.
        forgetWaiting(life.getNode());
        entry.applied = Math.max(entry.applied, applied);
        long itsRound = round + 1;
        Renewal last = entry.renewals.peekLast();
        if (last != null && last.round() == itsRound) {
            entry.renewals.removeLast();
        }
        entry.renewals.addLast(new Renewal(number, now, itsRound));
        confirmNext();
    }

    /** A life has applied a revision. */
    void applied(NodeLife life, long revision) {
        Entry entry = present(life);
        if (entry != null) {
            entry.applied = Math.max(entry.applied, revision);
        }
    }

    private void confirmNext() {
        if (!confirming && entries.values().stream().anyMatch(entry -> !entry.renewals.isEmpty())) {
            confirming = true;
            round++;
            effects.confirm(round);
        }
    }

    /** A quorum has confirmed the leadership after that round was asked for. */
    void confirmed(long now, long confirmedRound) {
        confirming = false;
        for (Entry entry : entries.values()) {
            Renewal latest = take(entry, confirmedRound);
            if (latest != null && mayBeGranted(now, entry, latest)) {
                if (!entry.mayServe()) {
                    effects.leased(entry.life);
                }
                entry.state = State.LEASED;
                entry.end = later(entry.end, latest.receivedNanos() + WAITS_NANOS);
                effects.grant(entry.life, latest.number());
            }
        }
        confirmNext();
    }

    /** Nobody has confirmed it; nodes ask again. */
    void unconfirmed(long refusedRound) {
        confirming = false;
        entries.values().forEach(entry -> take(entry, refusedRound));
        confirmNext();
    }

    private static @Nullable Renewal take(Entry entry, long upToRound) {
        Renewal latest = null;
        while (!entry.renewals.isEmpty() && entry.renewals.getFirst().round() <= upToRound) {
            latest = entry.renewals.removeFirst();
        }
        return latest;
    }

    private boolean mayBeGranted(long now, Entry entry, Renewal renewal) {
        boolean isWorthless = now - renewal.receivedNanos() > WAITS_NANOS;
        boolean isStuck = now - entry.admittedNanos > Lease.LASTS.toNanos() && entry.applied < owed.overdue(now);
        boolean isPassedOver = !entry.mayServe() && roles.isPassedOver(entry.life);
        return entry.state != State.ENDING && !isWorthless && !isStuck && !isPassedOver;
    }

    /** A life ends by itself and serves no more. */
    void resign(long now, NodeLife life) {
        Entry entry = present(life);
        if (entry != null) {
            entry.resigned = true;
            if (entry.mayServe()) {
                lapse(entry, now);
            }
            if (entry.state == State.LAPSED) {
                decide(now, entry);
            }
        }
    }

    /** Time has passed. */
    void tick(long now) {
        long sinceLast = now - tickedNanos;
        boolean wasStopped = sinceLast > STALL_NANOS;
        tickedNanos = now;
        for (Entry entry : List.copyOf(entries.values())) {
            if (wasStopped) {
                // A life that nobody listened to was not silent (D4).
                entry.end = entry.mayServe() ? later(entry.end, now + AFTER_STALL_NANOS) : entry.end + sinceLast;
            }
            if (entry.mayServe() && now - entry.end > 0) {
                lapse(entry, entry.end);
            }
            if (entry.state == State.LAPSED) {
                decide(now, entry);
            }
        }
    }

    private void lapse(Entry entry, long end) {
        entry.state = State.LAPSED;
        entry.end = end;
        effects.lapsed(entry.life);
    }

    /** What is to become of a life without a lease. */
    private void decide(long now, Entry entry) {
        RegisterNode next = waiting.get(entry.life.getNode());
        if (next != null) {
            ending(entry);
            registering.put(next.getNode(), life(next));
            effects.proposeRegister(next, true);
        } else if (entry.resigned || now - entry.end > DEAD_NANOS) {
            ending(entry);
            effects.proposeEnd(entry.life);
        } else if (roles.hasToLose(entry.life)) {
            ending(entry);
            effects.proposeLapse(entry.life);
        }
    }

    private static void ending(Entry entry) {
        entry.state = State.ENDING;
        entry.renewals.clear();
    }

    /** LapseNode is applied, or was refused and changed nothing: the life may get a lease again. */
    void lapseDecided(NodeLife life) {
        Entry entry = present(life);
        if (entry != null && entry.state == State.ENDING) {
            entry.state = State.LAPSED;
        }
    }

    /** EndNode is applied, or was refused and changed nothing. */
    void endDecided(NodeLife life, boolean applied) {
        Entry entry = present(life);
        if (entry == null) {
            return;
        }
        if (!applied) {
            entry.state = State.LAPSED;
            return;
        }
        entries.remove(life.getNode());
        effects.over(life);
        RegisterNode next = waiting.remove(life.getNode());
        if (next != null) {
            registering.put(next.getNode(), life(next));
            effects.proposeRegister(next, false);
        }
    }

    private @Nullable Entry present(NodeLife life) {
        Entry entry = entries.get(life.getNode());
        return entry != null && entry.life.equals(life) ? entry : null;
    }

    private static long later(long a, long b) {
        return a - b > 0 ? a : b;
    }

    private static Refusal inUse(NodeLife life) {
        return Refusal.of(Errno.EAGAIN, "node " + life.getNode() + " is in use by another process")
                .with(NotLeading.EFFECT, NotLeading.NONE);
    }
}
