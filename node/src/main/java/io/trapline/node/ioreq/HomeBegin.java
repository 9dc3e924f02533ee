package io.trapline.node.ioreq;

import io.trapline.model.Pure;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ServerView;
import java.util.HashMap;
import java.util.Map;

/**
 * Whether a server may begin at its home (D-22). Where it has always been, it has. Where it came to, it begins once every node with shards of the domain has said
 * that they have asked what they have to ask: an emulator that was believed before would not be asked about what comes later, and what is delivered before would
 * overtake it (A3, F3). What a node said before it got another shard does not count: who had that one may have died without asking, and the promoted copy asks
 * after it.
 */
@Pure
final class HomeBegin {
    /** What a life has said last: its shards up to that epoch have asked all at that home. */
    private record Told(long homeEpoch, long shardEpoch) {}

    private final Map<Life, Told> told = new HashMap<>();
    private Map<Life, Long> tellers = Map.of();
    private long begun;

    /** The shards at that life whose placements began by {@code shardEpoch} have asked all at that home. */
    void told(Life by, long homeEpoch, long shardEpoch) {
        told.merge(by, new Told(homeEpoch, shardEpoch), HomeBegin::later);
    }

    /** The lives that have shards now, each with the last revision at which the placement of one of them began. */
    void tellers(Map<Life, Long> now) {
        tellers = now;
    }

    /** Whether it begins now. */
    boolean begins(ServerView view) {
        // Not by who has shards: who tells may know of a later change than the server does here.
        told.values().removeIf(last -> last.homeEpoch() < view.homeEpoch());
        if (isBegun(view) || !tellers.entrySet().stream().allMatch(each -> hasAsked(each.getKey(), each.getValue()))) {
            return false;
        }
        begun = view.homeEpoch();
        return true;
    }

    boolean isBegun(ServerView view) {
        return view.homeEpoch() <= view.generation() || begun == view.homeEpoch();
    }

    private boolean hasAsked(Life life, long shardEpoch) {
        Told last = told.get(life);
        return last != null && last.shardEpoch() >= shardEpoch;
    }

    private static Told later(Told one, Told other) {
        if (one.homeEpoch() != other.homeEpoch()) {
            return one.homeEpoch() > other.homeEpoch() ? one : other;
        }
        return one.shardEpoch() > other.shardEpoch() ? one : other;
    }
}
