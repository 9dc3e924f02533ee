package io.trapline.node.shard;

import io.trapline.model.Pure;
import io.trapline.node.rows.KeyRows;

/** What {@link ShardRules} wants done. The shard's actor carries it out, and so does the simulation. */
@Pure
public interface ShardEffects {
    /** An access has its outcome. {@code data} is 0 but for reads; {@code errno} 0 = done. */
    void answered(int vcpu, long vcpuEpoch, long sequence, long data, byte errno);

    /** Pass an ioreq to a server; columns as in {@link io.trapline.node.rows.IoreqRows}. */
    void forward(
            int serverId,
            int vcpu,
            long vcpuEpoch,
            long sequence,
            int part,
            byte attributes,
            byte marks,
            byte claimedType,
            long address,
            long data,
            int count,
            int window,
            long deadlineNanos);

    /** Answers of that vCPU up to {@code through} need not be kept any more (F6). Follows the forwards of the same step. */
    void settled(int serverId, int vcpu, long vcpuEpoch, long through);

    /** What a server gave back does not go to it again, if it was a posted write (F5, F6). */
    void postedLeft(int serverId, int vcpu, long vcpuEpoch, long sequence);

    /**
     * Ask a server to give these ioreqs back (F5).
     *
     * @param change how many type changes there have been: what was decided before goes back when it arrives later
     */
    void recall(int serverId, long recall, long change, KeyRows rows, int drainMillis);

    /** Move a buffer's bytes in the shards that hold them, and answer with {@link ShardRules#bufferMoved}. */
    void moveBuffer(BufferMove move);

    /** Rule 0 holds for the type change that was committed under this token. */
    void typesChanged(long token);
}
