package io.trapline.node.ioreq;

import io.trapline.model.Pure;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.KeyRows;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;

/**
 * What shards ask of a home that does not know yet that it is one, or where the shard is now, and what they recall behind that, in their order. No more than
 * shards have at one server, and for no longer than a view lags.
 */
@Pure
final class EarlyAsks {
    /** What a shard says. */
    sealed interface Said {
        int shard();
    }

    /** As {@link io.trapline.node.protocol.ServerMessage.Ask}. */
    record Ask(int shard, long shardEpoch, long homeEpoch, IoreqRows rows, KeyRows returned) implements Said {}

    /** As {@link io.trapline.node.protocol.ServerMessage.Recall}. */
    record Recall(int shard, long shardEpoch, long recall, long change, KeyRows rows, int drainMillis)
            implements Said {}

    /** As {@link io.trapline.node.protocol.ServerMessage.PostedLeft}; of any shard. */
    record Left(KeyRows rows) implements Said {
        @Override
        public int shard() {
            return -1;
        }
    }

    private final List<Said> early = new ArrayList<>(0);

    void add(Said said) {
        early.add(said);
    }

    boolean isEmpty() {
        return early.isEmpty();
    }

    boolean has(int shard) {
        return early.stream().anyMatch(said -> said.shard() == shard);
    }

    /** Takes out, in order, what is not too early any more. */
    List<Said> take(long homeEpoch, long revision) {
        if (early.isEmpty()) {
            return List.of();
        }
        List<Said> taken = new ArrayList<>();
        Set<Integer> stillEarly = new HashSet<>();
        for (Iterator<Said> all = early.iterator(); all.hasNext(); ) {
            Said said = all.next();
            boolean isEarly = switch (said) {
                case Ask ask -> ask.homeEpoch() > homeEpoch || ask.shardEpoch() > revision;
                case Recall recall -> recall.shardEpoch() > revision;
                case Left left -> false;
            };
            if (isEarly) {
                stillEarly.add(said.shard());
            }
            boolean waits = said instanceof Left ? !stillEarly.isEmpty() : stillEarly.contains(said.shard());
            if (!waits) {
                all.remove();
                taken.add(said);
            }
        }
        return taken;
    }
}
