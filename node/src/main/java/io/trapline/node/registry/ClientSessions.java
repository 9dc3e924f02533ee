package io.trapline.node.registry;

import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.v1.RequestId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * The client sessions that this node knows of, and what it has answered under their request ids (section E). {@link NodeRegistry} says which there
 * are; any thread may bring calls.
 */
public final class ClientSessions {
    private final ConcurrentHashMap<Long, SessionAnswers<Consumer<Optional<Refusal>>>> live = new ConcurrentHashMap<>();
    private final Set<Long> active = ConcurrentHashMap.newKeySet();
    private volatile long knownRevision;

    /**
     * Takes a call that may be a retry. Where it is to be carried out, returns who must be given what comes of it; else {@code answer} is given the
     * first answer, now or when there is one.
     *
     * @param requestId well-formed; empty = a retry is carried out again
     */
    public Optional<Consumer<Optional<Refusal>>> begin(
            Optional<RequestId> requestId, Consumer<Optional<Refusal>> answer) {
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
        SessionAnswers.Verdict verdict;
        synchronized (session) {
            verdict = session.begin(id.getNumber(), id.getAcknowledgedThrough(), answer);
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

    private static void finish(
            SessionAnswers<Consumer<Optional<Refusal>>> session, RequestId id, Optional<Refusal> result) {
        List<Consumer<Optional<Refusal>>> waiting;
        synchronized (session) {
            waiting = session.finish(id.getNumber(), result);
        }
        waiting.forEach(who -> who.accept(result));
    }

    /** Sessions that begin or end with a revision, which the node now knows. For {@link NodeRegistry} alone. */
    public void change(long revision, List<Long> begun, List<Long> ended) {
        begun.forEach(session -> live.putIfAbsent(session, new SessionAnswers<>(session)));
        ended.forEach(session -> {
            live.remove(session);
            active.remove(session);
        });
        knownRevision = revision;
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
