package io.trapline.node.protocol;

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

    /** Of one that was refused. */
    public static FirstAnswer refused(Refusal why) {
        return new FirstAnswer(Optional.of(why));
    }
}
