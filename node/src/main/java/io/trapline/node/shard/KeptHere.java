package io.trapline.node.shard;

import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import io.trapline.node.protocol.FirstAnswer;
import io.trapline.node.protocol.RequestName;
import io.trapline.node.protocol.SessionsHere;
import io.trapline.node.protocol.ShardMessage;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What of a shard's {@link Answers} concerns its node: which client sessions end, what their clients have acknowledged at other shards, and how many answers all shards there keep. What the node knows of sessions is not
 * what the other copy's node knows by then, so it is asked before a step, and not within one.
 */
final class KeptHere {
    private final SessionsHere sessions;
    private final Runnable wake;
    private final Set<Long> watched = new HashSet<>();
    private final AtomicBoolean someChanged = new AtomicBoolean();
    private final Runnable changed;
    private int kept;

    /** @param wake to be run, on any thread, when {@link #takeChanged} has something */
    KeptHere(SessionsHere sessions, Runnable wake) {
        this.sessions = sessions;
        this.wake = wake;
        changed = this::onChanged;
    }

    private void onChanged() {
        someChanged.set(true);
        wake.run();
    }

    /** What a call is answered without a step. Whatever was kept for a session that has ended may be forgotten: it is not carried out again for that (E). */
    Optional<FirstAnswer> refuse(RequestName request, Answers answers) {
        if (sessions.hasEnded(request.session())) {
            return Optional.of(FirstAnswer.refused(ended(request.session())));
        }
        return sessions.isFull() && answers.find(request).isEmpty() && !answers.isFreedBy(request)
                ? Optional.of(
                        FirstAnswer.refused(Answers.full(Limit.MAX_KEPT_ANSWERS.value() + 1, Limit.MAX_KEPT_ANSWERS)))
                : Optional.empty();
    }

    /** Why a call of a session that has ended is refused. */
    private static Refusal ended(long session) {
        return Refusal.of(Errno.ESTALE, "session " + Long.toUnsignedString(session) + " has ended")
                .with("field", "request_id.session")
                .with("value", Long.toUnsignedString(session));
    }

    /** The shard's primary is here, and knows of that session. */
    void watch(long session) {
        if (watched.add(session)) {
            sessions.watch(session, changed);
        }
    }

    /** The shard's primary is here now, and knows of those sessions: what was acknowledged while it was elsewhere is looked at. */
    void watch(Set<Long> known) {
        known.forEach(this::watch);
        someChanged.set(true);
    }

    /** What the shard is to forget by what has changed since it was asked last: of sessions that have ended all, and of others what their clients have. */
    List<ShardMessage> takeChanged(Answers answers) {
        if (!someChanged.getAndSet(false)) {
            return List.of();
        }
        List<ShardMessage> all = new ArrayList<>();
        for (long session : List.copyOf(watched)) {
            long through = sessions.acknowledgedThrough(session);
            if (sessions.hasEnded(session)) {
                watched.remove(session);
                all.add(new ShardMessage.SessionEnded(session));
            } else if (answers.isFreedBy(session, through)) {
                all.add(new ShardMessage.SessionAcknowledged(session, through));
            }
        }
        return all;
    }

    /** The copy here keeps so many. */
    void keeps(int answers) {
        if (answers != kept) {
            sessions.keep(answers - kept);
            kept = answers;
        }
    }

    /** The primary is elsewhere, or nowhere. */
    void unwatch() {
        watched.forEach(session -> sessions.unwatch(session, changed));
        watched.clear();
    }
}
