package io.trapline.coordinator.registry;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Reason;
import io.trapline.internal.v1.ReasonDetail;
import io.trapline.model.Errno;
import io.trapline.model.Pure;
import io.trapline.model.Refusal;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Answers as messages, so that the log, the snapshot and a retry hold the same one. */
@Pure
public final class Answers {
    /** The detail that says what a refused call has done. */
    public static final String EFFECT = "effect";

    /** Nothing, for certain: whoever relays the call may send it again. */
    public static final String NONE = "none";

    private Answers() {}

    /** A refusal. Its details are sorted: two replicas hold the same bytes. */
    public static Answer refused(Refusal refusal) {
        Reason.Builder reason =
                Reason.newBuilder().setErrno(refusal.errno().number()).setMessage(refusal.message());
        new TreeMap<>(refusal.metadata())
                .forEach((key, value) ->
                        reason.addDetails(ReasonDetail.newBuilder().setKey(key).setValue(value)));
        return Answer.newBuilder().setRefusal(reason).build();
    }

    /** Why the answer is a refusal; empty where it is none. */
    public static Optional<Refusal> refusal(Answer answer) {
        if (!answer.hasRefusal()) {
            return Optional.empty();
        }
        Reason reason = answer.getRefusal();
        Map<String, String> metadata = new LinkedHashMap<>();
        reason.getDetailsList().forEach(detail -> metadata.put(detail.getKey(), detail.getValue()));
        Errno errno = Errno.ofNumber(reason.getErrno()).orElseThrow();
        return Optional.of(new Refusal(errno, reason.getMessage(), metadata));
    }

    /** Whether the command rested on a leadership that is over (D-7). */
    public static boolean leadershipIsOver(Answer answer) {
        return answer.getRefusal().getDetailsList().stream()
                .anyMatch(detail -> detail.getKey().equals(Leaderships.DETAIL));
    }

    /** Whether the call had no effect and is to be sent again, under the same request id (D-6): it is a first answer to nothing. */
    public static boolean isPutOff(Answer answer) {
        return answer.getRefusal().getErrno() == Errno.EAGAIN.number()
                && answer.getRefusal().getDetailsList().stream()
                        .anyMatch(detail -> detail.getKey().equals(EFFECT)
                                && detail.getValue().equals(NONE));
    }

    /** Carried out under that revision. */
    static Answer.Builder done(long revision) {
        return Answer.newBuilder().setRevision(revision);
    }
}
