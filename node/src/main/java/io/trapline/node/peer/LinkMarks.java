package io.trapline.node.peer;

import io.trapline.model.Pure;

/**
 * What a link's receiver says of itself: the answer to a connection, and every acknowledgement after it.
 *
 * @param receivedThrough by class the number of the last frame that has arrived; not to be changed
 * @param creditBytes by class how many bytes of payloads the sender may have sent since the two lives began; not to be changed
 * @param stamp the receiver's monotonic clock, in nanoseconds; compared with nothing but itself
 */
@Pure
public record LinkMarks(long[] receivedThrough, long[] creditBytes, long stamp) {
    public LinkMarks {
        if (receivedThrough.length != TrafficClass.count() || creditBytes.length != TrafficClass.count()) {
            throw new IllegalArgumentException("marks of " + receivedThrough.length + " and " + creditBytes.length
                    + " classes, not of " + TrafficClass.count());
        }
    }

    long receivedThrough(TrafficClass of) {
        return receivedThrough[of.index()];
    }

    long creditBytes(TrafficClass of) {
        return creditBytes[of.index()];
    }
}
