package io.trapline.node.replica;

import io.trapline.model.Pure;

/**
 * The backup's side of one shard's replication (D-23): which steps of the primary it does. It begins with nothing at the epoch at which the registry gave it the
 * copy, and does every step of the stream that began there, once each and in order.
 */
@Pure
public final class BackupReplica {
    private final long base;
    private long done;

    /** @param base the epoch at which the copy began */
    public BackupReplica(long base) {
        this.base = base;
    }

    public long base() {
        return base;
    }

    /** Every step up to this one is done. */
    public long done() {
        return done;
    }

    /** Whether a step that comes is to be done. Throws {@link IllegalStateException} where one before it did not come. */
    public boolean takes(long ofBase, long number) {
        if (ofBase != base || number <= done) {
            return false;
        }
        if (number != done + 1) {
            throw new IllegalStateException("step " + number + " after " + done);
        }
        return true;
    }

    /** A step is done, with all messages that it came in. */
    public void did(long number) {
        done = number;
    }
}
