package io.trapline.sim.world.cluster.check;

import io.trapline.coordinator.registry.Answers;
import io.trapline.internal.v1.Answer;
import io.trapline.sim.check.Violation;
import io.trapline.v1.RequestId;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** V-14, section E: who asks again under a request id gets the answer that the registry gave the first time. */
public final class CallChecks {
    private final Map<RequestKey, Answer> first = new HashMap<>();
    private long asked;
    private long askedAgain;

    private record RequestKey(long session, long number) {
        static RequestKey of(RequestId id) {
            return new RequestKey(id.getSession(), id.getNumber());
        }
    }

    /** The registry has carried a request out, or said what it had answered, or put it off: that is no answer to it. */
    public void inForce(RequestId id, Answer answer) {
        if (!Answers.isPutOff(answer)) {
            first.putIfAbsent(RequestKey.of(id), answer);
            return;
        }
        Answer before = first.get(RequestKey.of(id));
        if (before != null) {
            throw new Violation(
                    "V-14", "request %s is put off:%n%s, and the registry had answered%n%s", id, answer, before);
        }
    }

    /** A call is made, perhaps not for the first time. */
    public void asked(boolean again) {
        asked++;
        askedAgain += again ? 1 : 0;
    }

    /** A call under that id returns. */
    public void returned(Optional<RequestId> id, Answer answer) {
        if (id.isEmpty()) {
            return;
        }
        Answer before = first.get(RequestKey.of(id.get()));
        if (before == null || !before.equals(answer)) {
            throw new Violation(
                    "V-14",
                    "request %s is answered%n%s, and the registry had answered%n%s",
                    id.get(),
                    answer,
                    String.valueOf(before));
        }
    }

    /** How many attempts there were. */
    public long attempts() {
        return asked;
    }

    /** How many of them were not the first of their call. */
    public long attemptsAgain() {
        return askedAgain;
    }
}
