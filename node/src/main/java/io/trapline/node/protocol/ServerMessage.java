package io.trapline.node.protocol;

import io.trapline.model.Refusal;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.KeyRows;
import io.trapline.node.rows.SettledRows;
import io.trapline.v1.IoreqServerCounters;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** What an IOREQ server's actor is told by the rest of its node. What its emulator's stream tells it is the actor's own affair. */
public interface ServerMessage {
    /**
     * Ioreqs to pass on. Those decided before the server's last change come back at once as {@link ShardMessage.DecideAgain}; those decided
     * beyond what it has applied wait until it has (C7). For the rest it owes the shard exactly one of Completed, DecideAgain or, for posted rows, PostedQueued and then
     * PostedDone or DecideAgain; unless the vCPU's epoch ends first.
     *
     * @param shard the index of the shard in its domain
     * @param decidedChange after how many type changes of the shard they were decided
     * @param settled what the emulator need not keep any more
     */
    record Forward(
            int shard, long shardEpoch, long decidedRevision, long decidedChange, IoreqRows rows, SettledRows settled)
            implements ServerMessage {}

    /**
     * Pages have changed under these ioreqs (F5): those not delivered come back at once, the rest by their answer or after {@code drainMillis}. Answered
     * with {@link ShardMessage.Recalled} when the former are on their way back. Keys that it does not have are passed over: they may be on their way,
     * and go back when they arrive, as does everything that the shard has decided before {@code change} type changes. One of a shard that this node has not heard of
     * to be where it recalls from waits until it has.
     */
    record Recall(int shard, long shardEpoch, long recall, long change, KeyRows rows, int drainMillis)
            implements ServerMessage {}

    /**
     * Ioreqs that were passed to the server while its home was elsewhere, and that are the server's here from now on, as if the shard had forwarded them:
     * whether they were delivered, and what came of that, the emulator knows if it is the same run (D-22). Of a home that the server has left since it is passed
     * over.
     *
     * @param homeEpoch the revision at which the server came here
     * @param rows their decisions are not looked at (C7): they stand since before
     * @param returned posted rows that the server had given back and that may come here again (F3, F6)
     */
    record Ask(int shard, long shardEpoch, long homeEpoch, IoreqRows rows, KeyRows returned) implements ServerMessage {}

    /** Every copy of a shard has what it was told of these rows: it will not be asked again. */
    record Recorded(KeyRows rows) implements ServerMessage {}

    /**
     * All shards at that node have asked what they have to ask at that home. Before every node with shards has said so of all that it has, nothing is delivered
     * and nothing is believed there.
     *
     * @param shardEpoch the last of the revisions at which the placements of these shards began: one that the node gets later has not asked yet
     */
    record HomeTold(Life by, long homeEpoch, long shardEpoch) implements ServerMessage {}

    /** The node is left by its emulators: the stream of the one that is attached here ends (D-27). */
    record Leave(Refusal why) implements ServerMessage {}

    /** One of the others, from a peer. */
    record FromPeer(ServerMessage message, Runnable taken)
            implements ServerMessage, io.trapline.node.protocol.FromPeer {}

    /** Posted rows that the server gave back and that do not come to it again for now: they went to a page, nowhere, or to another server (F5, F6). */
    record PostedLeft(KeyRows rows) implements ServerMessage {}

    /**
     * The registry has moved on. Applied in ascending order of revision.
     *
     * @param tellers who says {@link HomeTold}: the lives that have shards of the domain, each with the last revision at which the placement of one of them
     *     began; none where this is not the server's home
     * @param paused nothing is delivered while true (D1)
     * @param opened vCPUs whose older epochs are fenced
     * @param drains those that began with this change
     * @param applied to be run once everything above is in force; may be run on any thread
     */
    record Apply(
            long revision,
            ServerView view,
            Map<Life, Long> tellers,
            boolean paused,
            List<VcpuOpening> opened,
            List<Drain> drains,
            Runnable applied)
            implements ServerMessage {}

    /**
     * Tells the shards, in order with everything else that this server tells them, if the gate lets it (F2); otherwise tells nobody. Answered with
     * {@link CallAnswer.GatePassed}.
     */
    record Gated(long call, Gate gate, List<ShardTell> tells) implements ServerMessage {
        /** The same under another's number, the shards' parts included. */
        public Gated under(long number) {
            List<ShardTell> renumbered = tells.stream()
                    .map(tell -> new ShardTell(tell.shard(), tell.message().under(number)))
                    .toList();
            return new Gated(number, gate, renumbered);
        }
    }

    /** Asks what the server has done; from this node only. The reply is run on the actor's thread and must not block. */
    record GetCounters(Consumer<IoreqServerCounters> reply) implements ServerMessage {}

    /** The server or its domain is gone: the emulator's stream ends with {@code why}, and the actor stops. */
    record Stop(Refusal why) implements ServerMessage {}

    /** A message for one shard of the domain, by its index. */
    record ShardTell(int shard, ShardMessage.Call message) {}
}
