package io.trapline.node.registry;

import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import io.trapline.node.protocol.SessionsHere;
import io.trapline.v1.RequestId;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The client sessions that this node knows of (section E). {@link NodeRegistry} says which there are; what was answered under their request ids the shards keep. Any
 * thread.
 */
public final class ClientSessions implements SessionsHere {
    /** By session up to which of its calls the client has said, at this node, that it has the answers. */
    private final ConcurrentHashMap<Long, AtomicLong> live = new ConcurrentHashMap<>();

    private final Set<Long> active = ConcurrentHashMap.newKeySet();
    /** Whose acknowledgements have come to more since shards were told last. */
    private final Set<Long> raised = ConcurrentHashMap.newKeySet();
    /** Whose have by calls that came in here, since the leader was told last; and those of which it was told. */
    private final Set<Long> unreported = ConcurrentHashMap.newKeySet();

    private final Set<Long> reported = ConcurrentHashMap.newKeySet();
    /** By session who waits for its end, and for acknowledgements, in the order of asking; each set is touched within the map's own steps alone. */
    private final ConcurrentHashMap<Long, Set<Runnable>> watching = new ConcurrentHashMap<>();
    /** Sessions that were beyond what this node knew when they were watched: one of them may begin and end before it hears of it. */
    private final ConcurrentSkipListSet<Long> early = new ConcurrentSkipListSet<>(Long::compareUnsigned);

    private final AtomicLong kept = new AtomicLong();
    private volatile long knownRevision;

    /**
     * A call comes in under that request id, which is well-formed: ESTALE where the session has ended, or the client has said that it will not ask again, EAGAIN
     * where the session is not known yet.
     */
    public Optional<Refusal> begin(RequestId id) {
        // Before the look-up: what is known by then is there if it has not ended.
        long known = knownRevision;
        AtomicLong acknowledged = live.get(id.getSession());
        if (acknowledged == null) {
            return Optional.of(unknown(id.getSession(), known));
        }
        active.add(id.getSession());
        if (id.getAcknowledgedThrough() > acknowledged.get()) {
            unreported.add(id.getSession());
        }
        long through = raise(id.getSession(), acknowledged, id.getAcknowledgedThrough());
        return id.getNumber() <= through
                ? Optional.of(Refusal.of(Errno.ESTALE, "request " + id.getNumber() + " of the session was acknowledged")
                        .with("field", "request_id.number")
                        .with("value", id.getNumber())
                        .with("limit", through))
                : Optional.empty();
    }

    /** Up to which of their calls the clients of sessions that have called here have all answers: of those of which that is more than when it was asked last. */
    public SortedMap<Long, Long> takeAcknowledged() {
        SortedMap<Long, Long> taken = new TreeMap<>();
        for (Long session : List.copyOf(unreported)) {
            unreported.remove(session);
            long through = acknowledgedThrough(session);
            if (through > 0) {
                reported.add(session);
                taken.put(session, through);
            }
        }
        return taken;
    }

    /** Who has been told may have told nobody. */
    public void reportAgain() {
        unreported.addAll(reported);
    }

    /** The client of that session has all answers up to that call, as another node has heard. */
    public void acknowledged(long session, long through) {
        AtomicLong acknowledged = live.get(session);
        if (acknowledged != null) {
            raise(session, acknowledged, through);
        }
    }

    private long raise(long session, AtomicLong acknowledged, long through) {
        long before = acknowledged.getAndAccumulate(through, Math::max);
        if (through > before) {
            raised.add(session);
        }
        return Math.max(before, through);
    }

    @Override
    public long acknowledgedThrough(long session) {
        AtomicLong acknowledged = live.get(session);
        return acknowledged == null ? 0 : acknowledged.get();
    }

    /** Tells the shards here that keep answers of them which sessions' acknowledgements have come to more; for who calls it once a second. */
    public void tellAcknowledged() {
        for (Long session : List.copyOf(raised)) {
            raised.remove(session);
            List<Runnable> all = new ArrayList<>();
            watching.computeIfPresent(session, (id, present) -> {
                all.addAll(present);
                return present;
            });
            all.forEach(Runnable::run);
        }
    }

    /** Up to which call before that one the client has all answers, as far as it has said so here. */
    public long acknowledgedBefore(RequestId id) {
        AtomicLong acknowledged = live.get(id.getSession());
        long through = acknowledged == null ? id.getAcknowledgedThrough() : acknowledged.get();
        return Math.min(through, id.getNumber() - 1);
    }

    /** A session is named by its revision: one beyond what this node knows may have begun elsewhere. */
    @Override
    public boolean hasEnded(long session) {
        long known = knownRevision;
        return !live.containsKey(session) && Long.compareUnsigned(session, known) <= 0;
    }

    @Override
    public void watch(long session, Runnable changed) {
        watching.compute(session, (id, before) -> {
            Set<Runnable> all = before == null ? new LinkedHashSet<>() : before;
            all.add(changed);
            return all;
        });
        if (!live.containsKey(session)) {
            early.add(session);
        }
        // It may have ended before it was there.
        if (hasEnded(session)) {
            tell(session);
        }
    }

    @Override
    public void unwatch(long session, Runnable changed) {
        watching.computeIfPresent(session, (id, all) -> {
            all.remove(changed);
            return all.isEmpty() ? null : all;
        });
    }

    private void tell(long session) {
        Set<Runnable> all = watching.remove(session);
        if (all != null) {
            all.forEach(Runnable::run);
        }
    }

    @Override
    public void keep(int more) {
        kept.addAndGet(more);
    }

    @Override
    public boolean isFull() {
        return kept.get() >= Limit.MAX_KEPT_ANSWERS.value();
    }

    /** Sessions that begin or end with a revision, which the node now knows. For {@link NodeRegistry} alone. */
    public void change(long revision, List<Long> begun, List<Long> ended) {
        begun.forEach(session -> live.putIfAbsent(session, new AtomicLong()));
        ended.forEach(session -> {
            live.remove(session);
            active.remove(session);
            raised.remove(session);
            unreported.remove(session);
            reported.remove(session);
        });
        knownRevision = revision;
        ended.forEach(this::tell);
        tellEarly(revision);
    }

    /** What this node knows of all at once, when it has been away, has no word of sessions that were over by then. */
    private void tellEarly(long revision) {
        for (Long session : early.headSet(revision, true)) {
            early.remove(session);
            if (hasEnded(session)) {
                tell(session);
            }
        }
    }

    /** How many answers the shards here keep or owe. */
    public long keptAnswers() {
        return kept.get();
    }

    /** The sessions that have called since it was asked last. */
    List<Long> takeActive() {
        List<Long> taken = new ArrayList<>(active);
        taken.forEach(active::remove);
        return taken;
    }

    private static Refusal unknown(long session, long known) {
        String id = Long.toUnsignedString(session);
        Refusal why = Long.compareUnsigned(session, known) > 0
                ? Refusal.of(Errno.EAGAIN, "session " + id + " is not known here yet")
                        .with("effect", "none")
                : Refusal.of(Errno.ESTALE, "session " + id + " has ended");
        return why.with("field", "request_id.session").with("value", id);
    }
}
