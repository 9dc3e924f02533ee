package io.trapline.node.shard;

import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.Pure;
import io.trapline.model.Refusal;
import io.trapline.node.protocol.FirstAnswer;
import io.trapline.node.protocol.RequestName;
import io.trapline.node.replica.StateImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongPredicate;
import java.util.stream.Collectors;

/**
 * What a shard has answered under request ids (section E, V-14): of the calls of which it is the lowest shard. Every copy has it, since it is kept in the step that
 * carries a call out, or refuses it: a retry gets the first answer, whichever node it enters and whoever decides the shard by then.
 *
 * <p>Invariants: a number has one content; what is known of a number never changes but from open to answered, or to nothing where nothing was done; of what is
 * acknowledged nothing is kept.
 *
 * <pre>
 *   (none) ──begin()──▶ open ──end()──▶ answered ──acknowledged, forget()──▶ (none)        open ──drop()──▶ (none)
 * </pre>
 */
@Pure
final class Answers {
    /** Of a call that changes no type. */
    static final long NO_CHANGE = 0;

    private final LongPredicate isChanging;
    private final TreeMap<Long, Session> sessions = new TreeMap<>();
    private int size;

    /** @param isChanging whether rule 0 does not hold yet for the type change of that token: its call is not over */
    Answers(LongPredicate isChanging) {
        this.isChanging = isChanging;
    }

    private static final class Session {
        private final TreeMap<Long, Entry> entries = new TreeMap<>();
        private long acknowledgedThrough;
    }

    /**
     * @param content a fingerprint of what was asked for
     * @param isOpen it is under way in several shards
     * @param change the token of its type change
     */
    private record Entry(long content, boolean isOpen, long change, FirstAnswer answer) {
        static Entry open(long content) {
            return new Entry(content, true, NO_CHANGE, FirstAnswer.DONE);
        }
    }

    /** What a call is answered without being carried out; empty = it has no answer yet. */
    Optional<FirstAnswer> find(RequestName request) {
        Session session = sessions.get(request.session());
        if (session == null) {
            return Optional.empty();
        }
        if (request.number() <= session.acknowledgedThrough) {
            return refused(Refusal.of(Errno.ESTALE, "request " + request.number() + " of the session was acknowledged")
                    .with("field", "request_id.number")
                    .with("value", request.number())
                    .with("limit", session.acknowledgedThrough));
        }
        Entry known = session.entries.get(request.number());
        if (known == null) {
            return Optional.empty();
        }
        if (known.content() != request.content()) {
            return refused(Refusal.invalid(
                    "request_id.number", request.number(), "was used for a request with other content"));
        }
        return known.isOpen() || isChanging.test(known.change())
                ? refused(Refusal.of(Errno.EAGAIN, "request " + request.number() + " of the session is under way")
                        .with("effect", "unknown"))
                : Optional.of(known.answer());
    }

    /** Takes a call: where nothing is returned it is to be carried out now, and {@link #end} or {@link #drop} follows. */
    Optional<FirstAnswer> begin(RequestName request) {
        acknowledge(request.session(), request.acknowledgedThrough());
        Optional<FirstAnswer> known = find(request);
        if (known.isPresent()) {
            return known;
        }
        Session session = sessions.computeIfAbsent(request.session(), id -> new Session());
        if (session.entries.size() >= Limit.MAX_KEPT_ANSWERS_PER_SESSION.intValue()) {
            return refused(full(session.entries.size() + 1L, Limit.MAX_KEPT_ANSWERS_PER_SESSION)
                    .with("session", request.session()));
        }
        if (size >= Limit.MAX_KEPT_ANSWERS_PER_SHARD.intValue()) {
            return refused(full(size + 1L, Limit.MAX_KEPT_ANSWERS_PER_SHARD));
        }
        session.acknowledgedThrough = Math.max(session.acknowledgedThrough, request.acknowledgedThrough());
        session.entries.put(request.number(), Entry.open(request.content()));
        size++;
        return Optional.empty();
    }

    /** Why no more answers are kept: the caller is to acknowledge what it has. */
    static Refusal full(long kept, Limit limit) {
        return Refusal.overLimit(Errno.ENOSPC, "kept answers", kept, limit)
                .with("field", "request_id.acknowledged_through");
    }

    private static Optional<FirstAnswer> refused(Refusal why) {
        return Optional.of(FirstAnswer.refused(why));
    }

    /**
     * What came of a call that was begun.
     *
     * @param change the token of the type change that it made, or {@link #NO_CHANGE}
     */
    void end(RequestName request, FirstAnswer answer, long change) {
        Session session = sessions.get(request.session());
        if (session == null || !session.entries.containsKey(request.number())) {
            // Its session has ended meanwhile.
            return;
        }
        if (request.number() <= session.acknowledgedThrough) {
            drop(request);
        } else {
            session.entries.put(request.number(), new Entry(request.content(), false, change, answer));
        }
    }

    /** Nothing came of a call that was begun: it may be made again. */
    void drop(RequestName request) {
        Session session = sessions.get(request.session());
        if (session != null && session.entries.remove(request.number()) != null) {
            size--;
        }
    }

    /** Whether a call brings an acknowledgement by which fewer are kept: then with its own there are no more than before. */
    boolean isFreedBy(RequestName request) {
        return isFreedBy(request.session(), request.acknowledgedThrough());
    }

    /** Whether fewer are kept once that is acknowledged. */
    boolean isFreedBy(long id, long through) {
        Session session = sessions.get(id);
        return session != null
                && session.entries.headMap(through, true).values().stream().anyMatch(entry -> !entry.isOpen());
    }

    /** The client has all answers up to that number. That it has stays known as long as its session: what comes late is refused, and not carried out. */
    void acknowledge(long id, long through) {
        Session session = sessions.get(id);
        if (session != null && through > session.acknowledgedThrough) {
            session.acknowledgedThrough = through;
            Map<Long, Entry> acknowledged = session.entries.headMap(session.acknowledgedThrough, true);
            int before = acknowledged.size();
            acknowledged.values().removeIf(entry -> !entry.isOpen());
            size -= before - acknowledged.size();
        }
    }

    /** The session has ended. */
    void forget(long id) {
        Session ended = sessions.remove(id);
        size -= ended == null ? 0 : ended.entries.size();
    }

    /** The sessions of which something is known. */
    Set<Long> sessions() {
        return Set.copyOf(sessions.keySet());
    }

    /** How many answers it keeps, or owes. */
    int size() {
        return size;
    }

    /** For a fresh copy, both ways (D-24). */
    void image(StateImage image) {
        List<Map.Entry<Long, Session>> all = new ArrayList<>(sessions.entrySet());
        image.each(
                all,
                each -> {
                    image.of((long) each.getKey());
                    image(image, each.getValue());
                },
                () -> Map.entry(image.of(0L), image(image, new Session())));
        if (image.isRead()) {
            sessions.clear();
            all.forEach(each -> sessions.put(each.getKey(), each.getValue()));
        }
        size = image.of(size);
    }

    private static Session image(StateImage image, Session session) {
        session.acknowledgedThrough = image.of(session.acknowledgedThrough);
        List<Map.Entry<Long, Entry>> all = new ArrayList<>(session.entries.entrySet());
        image.each(
                all,
                each -> {
                    image.of((long) each.getKey());
                    entry(image, each.getValue());
                },
                () -> Map.entry(image.of(0L), entry(image, Entry.open(0))));
        all.forEach(each -> session.entries.put(each.getKey(), each.getValue()));
        return session;
    }

    private static Entry entry(StateImage image, Entry entry) {
        return new Entry(
                image.of(entry.content()),
                image.of(entry.isOpen()),
                image.of(entry.change()),
                new FirstAnswer(refusal(image, entry.answer().refusal())));
    }

    private static Optional<Refusal> refusal(StateImage image, Optional<Refusal> refusal) {
        if (!image.of(refusal.isPresent())) {
            return Optional.empty();
        }
        Refusal why = refusal.orElseGet(() -> Refusal.of(Errno.EAGAIN, ""));
        int errno = image.of(why.errno().number());
        String message = image.of(why.message());
        List<Map.Entry<String, String>> metadata = new ArrayList<>(new TreeMap<>(why.metadata()).entrySet());
        image.each(
                metadata,
                each -> {
                    image.of(each.getKey());
                    image.of(each.getValue());
                },
                () -> Map.entry(image.of(""), image.of("")));
        return Optional.of(new Refusal(
                Errno.ofNumber(errno)
                        .orElseThrow(() -> new IllegalArgumentException("image of a shard: errno " + errno)),
                message,
                metadata.stream().collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue))));
    }

    /** The same of a request id, both ways. */
    static Optional<RequestName> request(StateImage image, Optional<RequestName> request) {
        if (!image.of(request.isPresent())) {
            return Optional.empty();
        }
        RequestName name = request.orElseGet(() -> new RequestName(0, 0, 0, 0));
        return Optional.of(new RequestName(
                image.of(name.session()),
                image.of(name.number()),
                image.of(name.acknowledgedThrough()),
                image.of(name.content())));
    }
}
