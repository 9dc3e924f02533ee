package io.trapline.coordinator.registry;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.model.Errno;
import io.trapline.model.Pure;
import io.trapline.model.Refusal;
import java.util.Optional;

/**
 * Leaderships, each named by the revision that began it (D-7). What a leader has observed of nodes, leases that ended and drains that
 * all reported, says nothing once another one may have granted leases: a command that rests on it is carried out in that leadership only.
 */
@Pure
final class Leaderships {
    /** The detail of a refusal because another leadership has begun: the one of now. */
    static final String DETAIL = "leadership";

    private final State state;

    Leaderships(State state) {
        this.state = state;
    }

    /** Begins one and ends the one before. */
    Answer begin() {
        state.leadership = state.begin();
        return Answers.done(state.leadership).build();
    }

    /** None leads, as after a restored backup. */
    void end() {
        state.leadership = 0;
    }

    /** EAGAIN for a command that rests on a leadership that is not the one of now. */
    Optional<Refusal> check(Command command) {
        long rests = command.getLeadership();
        return rests == 0 || rests == state.leadership
                ? Optional.empty()
                : Optional.of(Refusal.of(
                                Errno.EAGAIN, "leadership = " + rests + ": is over, that of now is " + state.leadership)
                        .with(DETAIL, state.leadership));
    }
}
