package io.trapline.coordinator.registry;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.EndSession;
import io.trapline.internal.v1.KeptAnswer;
import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.Pure;
import io.trapline.model.Refusal;
import io.trapline.v1.OpenSessionResponse;
import io.trapline.v1.RequestId;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Client sessions and the answers they may ask for again (section E): a retry gets the first answer, the same number with other
 * content is EINVAL, an ended session or an acknowledged number is ESTALE and changes nothing.
 */
@Pure
final class Sessions {
    private static final int RENEWALS_PER_SILENCE = 3;

    private final State state;
    // Derived: the sum over all sessions.
    private int kept;

    Sessions(State state) {
        this.state = state;
        this.kept = state.sessions.values().stream().mapToInt(KeptAnswers::size).sum();
    }

    Answer open() {
        if (state.sessions.size() >= Limit.MAX_SESSIONS.value()) {
            return Answers.refused(
                    Refusal.overLimit(Errno.ENOSPC, "sessions", state.sessions.size() + 1L, Limit.MAX_SESSIONS));
        }
        long session = state.begin();
        state.sessions.put(session, new KeptAnswers());
        state.change().session(session);
        return Answers.done(session)
                .setOpenSession(OpenSessionResponse.newBuilder()
                        .setSession(session)
                        .setRenewEveryMs(Limit.SESSION_SILENCE_MILLIS.intValue() / RENEWALS_PER_SILENCE))
                .build();
    }

    Answer end(EndSession q) {
        if (!state.sessions.containsKey(q.getSession())) {
            return Answer.getDefaultInstance();
        }
        long revision = state.begin();
        forget(q.getSession());
        return Answers.done(revision).build();
    }

    /** Ends every session; the command has begun. */
    void endAll() {
        for (long session : state.sessions.keySet().toArray(Long[]::new)) {
            forget(session);
        }
    }

    /** Carries a command out, or finds the answer that it got before. */
    Answer once(RequestId id, Command command, Supplier<Answer> first) {
        KeptAnswers session = state.sessions.get(id.getSession());
        if (session == null) {
            return Answers.refused(stale("session", id.getSession(), "unknown or ended"));
        }
        if (id.getNumber() <= session.acknowledgedThrough()) {
            return Answers.refused(stale("number", id.getNumber(), "acknowledged already"));
        }
        kept -= session.size();
        session.acknowledge(id.getAcknowledgedThrough());
        kept += session.size();
        Command content = RequestIds.content(command);
        Optional<KeptAnswer> earlier = session.answer(id.getNumber());
        if (earlier.isPresent()) {
            return earlier.get().getCommand().equals(content)
                    ? earlier.get().getAnswer()
                    : Answers.refused(Refusal.invalid(
                            "request_id.number", id.getNumber(), "was used for a request with other content"));
        }
        Optional<Refusal> full = full(session);
        if (full.isPresent()) {
            return Answers.refused(full.get());
        }
        Answer answer = first.get();
        if (Answers.isPutOff(answer)) {
            return answer;
        }
        session.keep(KeptAnswer.newBuilder()
                .setNumber(id.getNumber())
                .setCommand(content)
                .setAnswer(answer)
                .build());
        kept++;
        return answer;
    }

    private void forget(long session) {
        KeptAnswers ended = state.sessions.remove(session);
        kept -= ended == null ? 0 : ended.size();
        state.change().sessionEnded(session);
    }

    private Optional<Refusal> full(KeptAnswers session) {
        if (session.size() >= Limit.MAX_KEPT_ANSWERS_PER_SESSION.value()) {
            return Optional.of(Refusal.overLimit(
                            Errno.ENOSPC,
                            "kept answers of the session",
                            session.size() + 1L,
                            Limit.MAX_KEPT_ANSWERS_PER_SESSION)
                    .with("field", "request_id.acknowledged_through"));
        }
        return kept >= Limit.MAX_KEPT_ANSWERS.value()
                ? Optional.of(Refusal.overLimit(Errno.ENOSPC, "kept answers", kept + 1L, Limit.MAX_KEPT_ANSWERS)
                        .with("field", "request_id.acknowledged_through"))
                : Optional.empty();
    }

    private static Refusal stale(String part, long value, String why) {
        String field = "request_id." + part;
        return Refusal.of(Errno.ESTALE, field + " = " + Long.toUnsignedString(value) + ": " + why)
                .with("field", field)
                .with("value", Long.toUnsignedString(value));
    }
}
