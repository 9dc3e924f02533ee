package io.trapline.coordinator.registry;

import io.trapline.internal.v1.DrainKind;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.PlacedDomain;
import io.trapline.internal.v1.ShardRun;
import io.trapline.model.Pure;
import io.trapline.v1.DomainState;
import io.trapline.v1.ShardState;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * What lives are to a drain (V-10, C5).
 *
 * @param since by life that has copies of the domain's shards the revision at which it came to have the last of them: what it said before that was not about that
 *     one. Who is being given a copy has none yet
 * @param resetters the life that has pages {@code ram_rw} again when the drain ends, by a release with {@code reset}, or by the end of a server that has begun one: the
 *     one that decides the domain's first shard, and so carries out its type calls. Empty where there is none, and where the pages are lost
 * @param asOf the revision at which that was so
 */
@Pure
public record DrainRoles(Map<NodeLife, Long> since, Set<NodeLife> resetters, long asOf) {
    public DrainRoles {
        since = Map.copyOf(since);
        resetters = Set.copyOf(resetters);
    }

    static DrainRoles of(State state, DrainRecord drain) {
        PlacedDomain placed = state.domains.get(drain.getDomid());
        return placed == null
                ? new DrainRoles(Map.of(), Set.of(), state.revision)
                : new DrainRoles(since(placed), resets(state, placed, drain), state.revision);
    }

    private static Map<NodeLife, Long> since(PlacedDomain placed) {
        Map<NodeLife, Long> since = new HashMap<>();
        for (ShardRun run : placed.getRunsList()) {
            if (run.getState() != ShardState.SHARD_STATE_LOST) {
                since.merge(run.getPrimary(), run.getPrimaryRevision(), Math::max);
            }
            if (run.getState() == ShardState.SHARD_STATE_DUAL) {
                since.merge(run.getBackup(), run.getEpoch(), Math::max);
            }
        }
        return since;
    }

    private static Set<NodeLife> resets(State state, PlacedDomain placed, DrainRecord drain) {
        boolean resets = state.drainsOf(drain.getDomid()).stream()
                .anyMatch(each -> each.getReset()
                        && each.getGeneration() == drain.getGeneration()
                        && (each.getRevision() == drain.getRevision()
                                || drain.getKind() == DrainKind.DRAIN_KIND_DESTROY));
        NodeLife first = placed.getRuns(0).getPrimary();
        boolean isLost = placed.getDomain().getState() == DomainState.DOMAIN_STATE_CRASHED;
        return resets && !isLost && Nodes.isPresent(state, first) ? Set.of(first) : Set.of();
    }

    /** Whether a shard's copies are others than at that revision, or may be. */
    static boolean haveChanged(PlacedDomain placed, long asOf) {
        return placed.getRunsList().stream().anyMatch(run -> run.getEpoch() > asOf);
    }
}
