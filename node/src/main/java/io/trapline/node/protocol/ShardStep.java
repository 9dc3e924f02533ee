package io.trapline.node.protocol;

import io.trapline.node.p2m.DecisionTable;
import java.util.BitSet;
import java.util.List;

/** What a shard does one thing after the other: two copies of it that have done the same steps are the same. */
public sealed interface ShardStep {
    /** It is told something that is no {@link ShardMessage.Apply}, {@link ShardMessage.Tick} or the like. */
    record Told(ShardMessage message) implements ShardStep {}

    /**
     * The registry has moved on.
     *
     * @param servers ids of the servers that can be forwarded to
     */
    record Applied(DecisionTable table, List<VcpuOpening> opened, BitSet servers) implements ShardStep {}

    /** Whether its node serves. */
    record Leased(boolean serves) implements ShardStep {}

    /** It looks whose time has passed, by its primary's clock. */
    record Expired(long nowNanos, boolean givesUp) implements ShardStep {}

    /**
     * A fresh copy is given what its primary has in a chunk (D-24).
     *
     * @param chunk which one, from the shard's first page on
     * @param offset where in the chunk the bytes begin
     * @param bytes what is there; none = there is nothing in the chunk
     */
    record Chunk(int chunk, int offset, byte[] bytes) implements ShardStep {}

    /**
     * A fresh copy, which has all chunks, is given all else (D-24).
     *
     * @param bytes the next ones of a {@link io.trapline.node.replica.StateImage}
     * @param more whether it goes on
     */
    record Image(byte[] bytes, boolean more) implements ShardStep {}
}
