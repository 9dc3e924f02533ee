package io.trapline.node.registry;

import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardRoute;
import java.util.function.Function;

/** The way to who decides a shard's accesses, which the registry may move. Any thread. */
final class ShardWay implements ShardRoute {
    private final Function<Life, ShardRoute> at;
    private volatile ShardRoute now;

    /**
     * One to that life.
     *
     * @param at the way to a copy of the shard
     */
    ShardWay(Function<Life, ShardRoute> at, Life primary) {
        this.at = at;
        now = at.apply(primary);
    }

    /** From now on it leads there. */
    void leadTo(Life primary) {
        now = at.apply(primary);
    }

    @Override
    public void tell(ShardMessage message) {
        now.tell(message);
    }

    @Override
    public boolean isCongested() {
        return now.isCongested();
    }
}
