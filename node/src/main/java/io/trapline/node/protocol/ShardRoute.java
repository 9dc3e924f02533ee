package io.trapline.node.protocol;

/** The way to one P2M shard of a domain, wherever it is. What one thread tells by it arrives in order. */
@FunctionalInterface
public interface ShardRoute {
    /** Any thread; does not wait. */
    void tell(ShardMessage message);

    /** Whether more accesses wait on the way than may be under way: whoever passes on what guests send should take no more of it. */
    default boolean isCongested() {
        return false;
    }
}
