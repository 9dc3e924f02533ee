package io.trapline.node.registry;

import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.Pure;
import io.trapline.model.Refusal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What one client session has asked of this node under request ids, and what it was answered: a retry gets the first answer, or waits for it
 * (section E). An answer is an empty one or a refusal; EAGAIN is not kept, since nothing was done.
 *
 * @param <W> who waits for an answer
 */
@Pure
final class SessionAnswers<W> {
    /** Retries of one call that may wait for its answer. */
    static final int MAX_WAITING_RETRIES = 8;

    private final long session;
    private final TreeMap<Long, Entry<W>> entries = new TreeMap<>();
    private long acknowledgedThrough;
    private boolean closed;

    SessionAnswers(long session) {
        this.session = session;
    }

    /** What is to be done with a call. */
    sealed interface Verdict {
        /** It is the first of its number: carry it out, then tell {@link #finish}. */
        record CarryOut() implements Verdict {}

        /** It is a retry of one that is under way: {@link #finish} will name who waits. */
        record Joined() implements Verdict {}

        /** It was answered before, or is refused. */
        record Answered(Optional<Refusal> answer) implements Verdict {}
    }

    private static final class Entry<W> {
        private final long content;
        private final List<W> waiting = new ArrayList<>();
        private boolean isAnswered;
        private Optional<Refusal> answer = Optional.empty();

        private Entry(long content) {
            this.content = content;
        }
    }

    /**
     * Takes a call.
     *
     * @param number 1 and up
     * @param acknowledged every answer up to this number has arrived, below {@code number}
     * @param content a fingerprint of the request: a number belongs to one
     * @param who is to be answered if it is not answered at once
     */
    Verdict begin(long number, long acknowledged, long content, W who) {
        if (number <= acknowledgedThrough) {
            return refused(Refusal.of(Errno.ESTALE, "request " + number + " of the session was acknowledged")
                    .with("field", "request_id.number")
                    .with("value", number)
                    .with("limit", acknowledgedThrough));
        }
        acknowledge(acknowledged);
        Entry<W> known = entries.get(number);
        if (known != null) {
            return known.content == content
                    ? join(known, number, who)
                    : refused(
                            Refusal.invalid("request_id.number", number, "was used for a request with other content"));
        }
        if (entries.size() >= Limit.MAX_KEPT_ANSWERS_PER_SESSION.intValue()) {
            return refused(Refusal.overLimit(
                            Errno.ENOSPC,
                            "kept answers of the session",
                            entries.size() + 1L,
                            Limit.MAX_KEPT_ANSWERS_PER_SESSION)
                    .with("session", session)
                    .with("field", "request_id.acknowledged_through"));
        }
        Entry<W> entry = new Entry<>(content);
        entry.waiting.add(who);
        entries.put(number, entry);
        return new Verdict.CarryOut();
    }

    /** What came of a call; those who wait for it. */
    List<W> finish(long number, Optional<Refusal> answer) {
        Entry<W> entry = entries.get(number);
        if (entry == null) {
            return List.of();
        }
        List<W> waiting = List.copyOf(entry.waiting);
        entry.waiting.clear();
        entry.isAnswered = true;
        entry.answer = answer;
        boolean nothingDone = answer.isPresent() && answer.get().errno() == Errno.EAGAIN;
        if (nothingDone || number <= acknowledgedThrough) {
            entries.remove(number);
        }
        return waiting;
    }

    /** The session has ended: nothing is kept any more, but who waits will be told. */
    void close() {
        closed = true;
    }

    /** How many answers it keeps or owes; 0 when closed. */
    int size() {
        return closed ? 0 : entries.size();
    }

    private Verdict join(Entry<W> entry, long number, W who) {
        if (entry.isAnswered) {
            return new Verdict.Answered(entry.answer);
        }
        if (entry.waiting.size() > MAX_WAITING_RETRIES) {
            return refused(Refusal.of(
                            Errno.EAGAIN, "request " + number + " is under way and has enough retries that wait for it")
                    .with("limit", MAX_WAITING_RETRIES));
        }
        entry.waiting.add(who);
        return new Verdict.Joined();
    }

    private void acknowledge(long through) {
        if (through > acknowledgedThrough) {
            acknowledgedThrough = through;
            entries.headMap(through, true).values().removeIf(entry -> entry.isAnswered);
        }
    }

    private static Verdict refused(Refusal refusal) {
        return new Verdict.Answered(Optional.of(refusal));
    }
}
