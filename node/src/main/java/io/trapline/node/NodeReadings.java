package io.trapline.node;

import io.trapline.model.Pure;
import io.trapline.node.peer.LinkReading;
import io.trapline.node.peer.TrafficClass;
import java.util.Map;

/**
 * What a node is doing, for whoever watches it.
 *
 * @param serves whether it has a lease and has caught up
 * @param leaseNanos how long it may serve yet if it is granted no more; 0 where it does not
 * @param keptAnswers how many answers under request ids its copies of shards keep (section L)
 * @param unacknowledgedSteps how many steps of primaries here their other copies are not known to have done
 * @param promotions how many copies here have become primaries since it started
 * @param refusedAnswers how many answers of emulators were refused since it started (F1)
 * @param links what is on its links to other nodes; empty where it has none
 */
@Pure
public record NodeReadings(
        boolean serves,
        long leaseNanos,
        long keptAnswers,
        long unacknowledgedSteps,
        long promotions,
        long refusedAnswers,
        Map<TrafficClass, LinkReading> links) {
    public NodeReadings {
        links = Map.copyOf(links);
    }
}
