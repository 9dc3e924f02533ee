package io.trapline.coordinator.commit;

import io.trapline.coordinator.registry.Answers;
import io.trapline.model.Errno;
import io.trapline.model.Pure;
import io.trapline.model.Refusal;

/** The refusal of a coordinator that does not lead: it says where the leader is, and that nothing was done (D-6 of design 0002). */
@Pure
public final class NotLeading {
    /** Where the leader's services are, {@code host:port}; not there where it is not known. */
    public static final String LEADER = "leader";

    /** What a refused call has done: with {@link #NONE}, whoever relays it may send it again. */
    public static final String EFFECT = Answers.EFFECT;

    /** Nothing, for certain. */
    public static final String NONE = Answers.NONE;

    private NotLeading() {}

    /**
     * EAGAIN, without effect.
     *
     * @param leader where the leader's services are, {@code host:port}; empty = not known
     */
    public static Refusal refusal(String leader) {
        Refusal refusal =
                Refusal.of(Errno.EAGAIN, "this coordinator does not lead").with(EFFECT, NONE);
        return leader.isEmpty() ? refusal : refusal.with(LEADER, leader);
    }
}
