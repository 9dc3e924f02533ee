package io.trapline.coordinator.registry;

import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.PlacedDomain;
import io.trapline.internal.v1.ShardRun;
import io.trapline.model.Pure;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.DomainState;
import io.trapline.v1.ShardState;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** What each node has of the tables' entities, by its name; derived from them, and kept in step by {@link State}. */
@Pure
final class Loads {
    private final NavigableMap<String, Long> shards = new TreeMap<>();
    private final Map<String, Long> pages = new HashMap<>();
    private final Map<String, Long> roles = new HashMap<>();
    private final NavigableSet<Integer> degraded = new TreeSet<>();
    private final NavigableSet<Integer> doubled = new TreeSet<>();

    /** Of how many shards each node is primary; nodes without any are left out. */
    NavigableMap<String, Long> shards() {
        return Collections.unmodifiableNavigableMap(shards);
    }

    /** How many pages of domains the node has copies of, or is being given. */
    long pages(String node) {
        return pages.getOrDefault(node, 0L);
    }

    /** Whether the node has what another one can have instead when nobody hears from it. */
    boolean hasRolesToLose(String node) {
        return roles.containsKey(node);
    }

    /** The domains that are to have two copies of each shard, work, and have not, by id. */
    NavigableSet<Integer> degraded() {
        return Collections.unmodifiableNavigableSet(degraded);
    }

    /** The domains that are to have one copy of each shard, work, and have or are given another, as for a drain, by id. */
    NavigableSet<Integer> doubled() {
        return Collections.unmodifiableNavigableSet(doubled);
    }

    private static boolean works(PlacedDomain placed) {
        DomainState now = placed.getDomain().getState();
        return now == DomainState.DOMAIN_STATE_RUNNING || now == DomainState.DOMAIN_STATE_PAUSED;
    }

    private static boolean isReplicated(PlacedDomain placed) {
        return placed.getDomain().getMemory() == DomainMemory.DOMAIN_MEMORY_REPLICATED;
    }

    private static boolean isDegraded(PlacedDomain placed) {
        return works(placed) && isReplicated(placed) && !ShardRuns.areDual(placed);
    }

    private static boolean isDoubled(PlacedDomain placed) {
        return works(placed)
                && !isReplicated(placed)
                && placed.getRunsList().stream()
                        .anyMatch(run -> run.getState() == ShardState.SHARD_STATE_DUAL
                                || run.getState() == ShardState.SHARD_STATE_SYNCING);
    }

    /** It is there now. */
    void add(PlacedDomain placed) {
        count(placed, 1);
        if (isDegraded(placed)) {
            degraded.add(placed.getDomain().getDomid());
        }
        if (isDoubled(placed)) {
            doubled.add(placed.getDomain().getDomid());
        }
    }

    /** It is no more, or as it was before. */
    void remove(PlacedDomain placed) {
        count(placed, -1);
        degraded.remove(placed.getDomain().getDomid());
        doubled.remove(placed.getDomain().getDomid());
    }

    private void count(PlacedDomain placed, int by) {
        for (ShardRun run : placed.getRunsList()) {
            if (run.getState() != ShardState.SHARD_STATE_LOST) {
                count(placed, run, by);
            }
        }
    }

    private void count(PlacedDomain placed, ShardRun run, int by) {
        add(shards, run.getPrimary(), (long) by * run.getCount());
        long copy = by * ShardPlan.pages(placed, run);
        add(pages, run.getPrimary(), copy);
        add(pages, run.getBackup(), copy);
        add(pages, run.getSyncing(), copy);
        if (run.getState() == ShardState.SHARD_STATE_DUAL) {
            add(roles, run.getPrimary(), by);
        }
        add(roles, run.getBackup(), by);
        add(roles, run.getSyncing(), by);
    }

    private static void add(Map<String, Long> at, NodeLife life, long by) {
        if (!life.getNode().isEmpty()) {
            add(at, life.getNode(), by);
        }
    }

    /** A role of a server at the node. */
    void countRole(String node, int by) {
        add(roles, node, by);
    }

    private static void add(Map<String, Long> at, String node, long by) {
        at.merge(node, by, (count, more) -> count + more == 0 ? null : count + more);
    }
}
