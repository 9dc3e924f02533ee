package io.trapline.node.shard;

import io.trapline.model.Pure;
import io.trapline.node.rows.KeyRows;

/** What {@link ShardRules} wants done. The shard's actor carries it out, and so does the simulation. */
@Pure
public interface ShardEffects {
    /** An access has its outcome. {@code data} is 0 but for reads; {@code errno} 0 = done. */
    void answered(int vcpu, long vcpuEpoch, long sequence, long data, byte errno);

    /**
     * Pass an ioreq to a server; columns as in {@link io.trapline.node.rows.IoreqRows}.
     *
     * @param firstRevision since which revision the server may have it already; 0 = it was never passed to it
     */
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
            long deadlineNanos,
            long firstRevision);

    /** Ask a server, whose home is a new one, what has become of an ioreq that was passed to it before: it is that home's now (D-22). Columns as above. */
    void ask(
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
            long deadlineNanos,
            long firstRevision);

    /** Tell a server, whose home is a new one, of a posted write that it had given back at another and that may come to it again (F3, F6). */
    void askReturned(int serverId, int vcpu, long vcpuEpoch, long sequence);

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

    /** Tell a server that another copy decides the shard from now on, whether or not it asks about anything: what the server has told the one before may be lost. */
    void goesOn(int serverId);

    /** Move a buffer's bytes in the shards that hold them, and answer with {@link ShardRules#bufferMoved}. */
    void moveBuffer(BufferMove move);

    /** Rule 0 holds for the type change that was committed under this token. */
    void typesChanged(long token);

    /** What {@link ShardRules#awaitReturned} was to wait for under this token has come. */
    void returned(long token);
}
