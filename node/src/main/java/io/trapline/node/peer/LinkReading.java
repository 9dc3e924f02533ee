package io.trapline.node.peer;

import io.trapline.model.Pure;

/**
 * One class of a link, or of several.
 *
 * @param queuedBytes wait to be sent
 * @param unacknowledgedBytes were sent and are not known to have arrived
 * @param creditBytes may yet be sent before the receiver's actors have taken more
 */
@Pure
public record LinkReading(long queuedBytes, long unacknowledgedBytes, long creditBytes) {
    /** Of both: what waits and is under way together, and the credit of the one that has less. */
    LinkReading and(LinkReading other) {
        return new LinkReading(
                queuedBytes + other.queuedBytes,
                unacknowledgedBytes + other.unacknowledgedBytes,
                Math.min(creditBytes, other.creditBytes));
    }
}
