package io.trapline.node.ioreq;

import io.trapline.model.Pure;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ServerView;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Whether a server may begin at its home (D-22). Where it has always been, it has. Where it came to, it begins once every node with shards of the domain has said
 * that they have asked what they have to ask: an emulator that was believed before would not be asked about what comes later, and what is delivered before would
 * overtake it (A3, F3).
 */
@Pure
final class HomeBegin {
    private final Map<Life, Long> told = new HashMap<>();
    private Set<Life> primaries = Set.of();
    private long begun;

    /** The shards at that life have asked all at that home. */
    void told(Life by, long homeEpoch) {
        told.merge(by, homeEpoch, Math::max);
    }

    /** The lives that have shards now. */
    void primaries(Set<Life> now) {
        primaries = now;
    }

    /** Whether it begins now. */
    boolean begins(ServerView view) {
        // Not by who has shards: who tells may know of a later change than the server does here.
        told.values().removeIf(home -> home < view.homeEpoch());
        if (isBegun(view) || !primaries.stream().allMatch(life -> told.getOrDefault(life, 0L) >= view.homeEpoch())) {
            return false;
        }
        begun = view.homeEpoch();
        return true;
    }

    boolean isBegun(ServerView view) {
        return view.homeEpoch() <= view.generation() || begun == view.homeEpoch();
    }
}
