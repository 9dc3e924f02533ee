package io.trapline.node.registry;

import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import io.trapline.v1.RequestId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * The client sessions that this node knows of, and what it has answered under their request ids (section E). {@link NodeRegistry} says which there
 * are; any thread may bring calls.
 */
public final class ClientSessions {
    private final ConcurrentHashMap<Long, SessionAnswers<Consumer<Optional<Refusal>>>> live = new ConcurrentHashMap<>();
    private final Set<Long> active = ConcurrentHashMap.newKeySet();
    private final AtomicLong kept = new AtomicLong();
    private volatile long knownRevision;

    /**
     * Takes a call that may be a retry. Where it is to be carried out, returns who must be given what comes of it; else {@code answer} is given the
     * first answer, now or when there is one.
     *
     * @param requestId well-formed; empty = a retry is carried out again
     * @param content a fingerprint of the request without its id; asked for where there is an id
     */
    public Optional<Consumer<Optional<Refusal>>> begin(
            Optional<RequestId> requestId, LongSupplier content, Consumer<Optional<Refusal>> answer) {
        if (requestId.isEmpty()) {
            return Optional.of(answer);
        }
        RequestId id = requestId.get();
        // Before the look-up: what is known by then is there if it has not ended.
        long known = knownRevision;
        SessionAnswers<Consumer<Optional<Refusal>>> session = live.get(id.getSession());
        if (session == null) {
            answer.accept(Optional.of(unknown(id.getSession(), known)));
            return Optional.empty();
        }
        active.add(id.getSession());
        if (kept.get() >= Limit.MAX_KEPT_ANSWERS.value()) {
            answer.accept(
                    Optional.of(Refusal.overLimit(Errno.ENOSPC, "kept answers", kept.get() + 1, Limit.MAX_KEPT_ANSWERS)
                            .with("field", "request_id.acknowledged_through")));
            return Optional.empty();
        }
        long fingerprint = content.getAsLong();
        SessionAnswers.Verdict verdict;
        synchronized (session) {
            int before = session.size();
            verdict = session.begin(id.getNumber(), id.getAcknowledgedThrough(), fingerprint, answer);
            kept.addAndGet(session.size() - before);
        }
        return switch (verdict) {
            case SessionAnswers.Verdict.CarryOut carryOut -> Optional.of(result -> finish(session, id, result));
            case SessionAnswers.Verdict.Joined joined -> Optional.empty();
            case SessionAnswers.Verdict.Answered(Optional<Refusal> first) -> {
                answer.accept(first);
                yield Optional.empty();
            }
        };
    }

    private void finish(SessionAnswers<Consumer<Optional<Refusal>>> session, RequestId id, Optional<Refusal> result) {
        List<Consumer<Optional<Refusal>>> waiting;
        synchronized (session) {
            int before = session.size();
            waiting = session.finish(id.getNumber(), result);
            kept.addAndGet(session.size() - before);
        }
        waiting.forEach(who -> who.accept(result));
    }

    /** Sessions that begin or end with a revision, which the node now knows. For {@link NodeRegistry} alone. */
    public void change(long revision, List<Long> begun, List<Long> ended) {
        begun.forEach(session -> live.putIfAbsent(session, new SessionAnswers<>(session)));
        ended.forEach(this::end);
        knownRevision = revision;
    }

    private void end(long id) {
        SessionAnswers<Consumer<Optional<Refusal>>> session = live.remove(id);
        active.remove(id);
        if (session != null) {
            synchronized (session) {
                kept.addAndGet(-session.size());
                session.close();
            }
        }
    }

    /** How many answers are kept or owed. */
    long keptAnswers() {
        return kept.get();
    }

    /** The sessions that have called since it was asked last. */
    List<Long> takeActive() {
        List<Long> taken = new ArrayList<>(active);
        taken.forEach(active::remove);
        return taken;
    }

    private static Refusal unknown(long session, long known) {
        // A session is named by its revision: one beyond what this node knows may have begun elsewhere.
        if (Long.compareUnsigned(session, known) > 0) {
            return Refusal.of(Errno.EAGAIN, "session " + Long.toUnsignedString(session) + " is not known here yet")
                    .with("field", "request_id.session")
                    .with("value", Long.toUnsignedString(session));
        }
        return Refusal.of(Errno.ESTALE, "session " + session + " has ended")
                .with("field", "request_id.session")
                .with("value", session);
    }
}
