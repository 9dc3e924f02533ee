package io.trapline.node.peer;

import io.trapline.model.Refusal;

/** A frame is not what a peer may send: nothing of it is believed, and the connection ends. */
final class MalformedFrameException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient Refusal refusal;

    MalformedFrameException(String field, Object value, String why) {
        super(field + " = " + value + ": " + why);
        refusal = Refusal.invalid(field, value, why);
    }

    /** Names the field. */
    Refusal refusal() {
        return refusal;
    }
}
