package io.trapline.node.protocol;

import io.trapline.model.Errno;
import io.trapline.model.Pure;
import io.trapline.model.Refusal;
import java.util.Optional;

/**
 * What a call is answered whenever it is made under its request id (section E).
 *
 * @param refusal why it was refused; empty = it was carried out
 */
@Pure
public record FirstAnswer(Optional<Refusal> refusal) {
    /** Of one that was carried out. */
    public static final FirstAnswer DONE = new FirstAnswer(Optional.empty());

    /**
     * Whether a refusal becomes the first answer. EAGAIN is no answer, and ESRCH and EIO are of a node at which the domain has ended or failed, while it may go on at
     * others: a retry finds out.
     */
    public static boolean isKept(Refusal why) {
        return switch (why.errno()) {
            case EAGAIN, ESRCH, EIO -> false;
            default -> true;
        };
    }

    /** Why a first answer could not be kept: where that is EAGAIN, whether another attempt was carried out is not known for it. */
    public static Refusal notKept(Refusal why) {
        return why.errno() == Errno.EAGAIN ? why.with("effect", "unknown") : why;
    }

    /** Of one that was refused. */
    public static FirstAnswer refused(Refusal why) {
        return new FirstAnswer(Optional.of(why));
    }
}
