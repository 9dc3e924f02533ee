package io.trapline.node.protocol;

import io.trapline.model.Refusal;
import io.trapline.node.rows.OutcomeRows;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the actor of a domain's vCPUs is told by the rest of its node. What guests' streams tell it is the actor's own affair. */
public sealed interface VcpusMessage {
    /** What a guest's stream tells the actor. */
    non-sealed interface FromStream extends VcpusMessage {}

    /** Outcomes of accesses, by key; part is 0. */
    record ShardAnswers(int shard, OutcomeRows rows) implements VcpusMessage {}

    /** One of the others, from a peer. */
    record FromPeer(VcpusMessage message, Runnable taken) implements VcpusMessage, io.trapline.node.protocol.FromPeer {}

    /**
     * The registry has moved on. Applied in ascending order of revision.
     *
     * @param paused no access is passed on and no answer goes out while true (D1)
     * @param opened vCPUs whose older streams are fenced (A6)
     * @param moved vCPUs whose guests go on at another node
     * @param shardsMoved shards that another life decides from now on, and the ways there: whatever they owe an outcome for is to be sent again, before anything
     *     new (D-20)
     */
    record Apply(
            long revision,
            boolean paused,
            List<VcpuOpening> opened,
            List<VcpuMove> moved,
            Map<Integer, ShardRoute> shardsMoved,
            Runnable applied)
            implements VcpusMessage {}

    /** The domain is gone or has crashed: every stream hears why, and with {@code stop} the actor ends. */
    record Closed(Refusal why, boolean stop) implements VcpusMessage {}

    /** Whether the node is left by its guests, and why: their streams end, and so does one that comes (D-27). */
    record Leave(Optional<Refusal> why) implements VcpusMessage {}
}
