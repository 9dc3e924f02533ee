package io.trapline.coordinator.registry;

import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.PlacedDomain;
import io.trapline.internal.v1.RegisteredNode;
import io.trapline.internal.v1.RegisteredServer;
import io.trapline.internal.v1.ServerRecord;
import io.trapline.internal.v1.ShardRun;
import io.trapline.model.Pure;
import io.trapline.v1.DomainState;
import io.trapline.v1.ShardState;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What is to leave the nodes that are drained (D-27), and copies that a drain has begun and nobody needs any more.
 *
 * @param nodes the nodes that are drained, each with whether its present life is about to end: then what another life has a copy of need not leave before
 * @param domains those that work, with a part at such a node or a copy too many, by id
 * @param homes servers whose home is such a node, and whose domain begins at another one: they can go there now
 */
@Pure
public record DrainedParts(Map<String, Boolean> nodes, List<PlacedDomain> domains, List<ServerRecord> homes) {
    /** There is nothing. */
    public static final DrainedParts NONE = new DrainedParts(Map.of(), List.of(), List.of());

    /**
     * How far the drain of one node is.
     *
     * @param backups of how many shards it has, or is being given, the second copy
     * @param servers how many servers have their home there
     * @param pagesWithoutRoom pages that it has a copy of, and that no usable node that is not drained has room for
     */
    public record Left(int backups, int servers, long pagesWithoutRoom) {}

    public DrainedParts {
        nodes = Map.copyOf(nodes);
        domains = List.copyOf(domains);
        homes = List.copyOf(homes);
    }

    static DrainedParts of(State state) {
        Map<String, Boolean> nodes = new TreeMap<>();
        for (RegisteredNode node : state.nodes.values()) {
            if (NodeDrains.isDraining(node)) {
                nodes.put(node.getRegistration().getNode(), !node.getDraining());
            }
        }
        if (nodes.isEmpty() && state.loads.doubled().isEmpty()) {
            return NONE;
        }
        NavigableSet<Integer> domids = new TreeSet<>(state.loads.doubled());
        for (PlacedDomain placed : state.domains.values()) {
            if (!nodes.isEmpty() && works(placed) && isAt(placed, nodes.keySet())) {
                domids.add(placed.getDomain().getDomid());
            }
        }
        return new DrainedParts(
                nodes, domids.stream().map(state::domain).toList(), nodes.isEmpty() ? List.of() : homes(state, nodes));
    }

    /** Lost shards go nowhere. */
    private static boolean works(PlacedDomain placed) {
        DomainState now = placed.getDomain().getState();
        return now == DomainState.DOMAIN_STATE_RUNNING || now == DomainState.DOMAIN_STATE_PAUSED;
    }

    private static boolean isAt(PlacedDomain placed, Set<String> nodes) {
        return placed.getRunsList().stream()
                .anyMatch(run -> nodes.contains(run.getPrimary().getNode())
                        || nodes.contains(run.getBackup().getNode())
                        || nodes.contains(run.getSyncing().getNode()));
    }

    private static List<ServerRecord> homes(State state, Map<String, Boolean> nodes) {
        return state.servers.values().stream()
                .filter(server -> nodes.containsKey(server.getRecord().getHome().getNode())
                        && !server.getSessionNode()
                                .equals(server.getRecord().getHome().getNode())
                        && canGo(state, server, nodes))
                .map(RegisteredServer::getRecord)
                .toList();
    }

    private static boolean canGo(State state, RegisteredServer server, Map<String, Boolean> nodes) {
        NodeLife first = Homes.first(state, server.getRecord().getServer().getDomid());
        return !nodes.containsKey(first.getNode()) && Nodes.isPresent(state, first);
    }

    /**
     * @param usable the lives that hold a lease
     */
    static Left left(State state, String node, Set<NodeLife> usable) {
        int backups = 0;
        long pages = 0;
        for (PlacedDomain placed : state.domains.values()) {
            for (ShardRun run : placed.getRunsList()) {
                boolean isBackup = run.getBackup().getNode().equals(node)
                        || run.getSyncing().getNode().equals(node);
                boolean isOnly = run.getPrimary().getNode().equals(node)
                        && run.getState() == ShardState.SHARD_STATE_SOLO
                        && works(placed);
                backups += isBackup ? run.getCount() : 0;
                boolean isWithoutRoom =
                        (isOnly || isBackup) && !isRoomFor(state, run, ShardPlan.bytes(placed, run), usable);
                pages += isWithoutRoom ? ShardPlan.pages(placed, run) : 0;
            }
        }
        long servers = state.servers.values().stream()
                .filter(server -> server.getRecord().getHome().getNode().equals(node))
                .count();
        return new Left(backups, (int) servers, pages);
    }

    private static boolean isRoomFor(State state, ShardRun run, long bytes, Set<NodeLife> usable) {
        return usable.stream()
                .anyMatch(life -> !life.equals(run.getPrimary())
                        && !life.equals(run.getBackup())
                        && !NodeDrains.isDraining(state, life.getNode())
                        && Nodes.bytesLeft(state, life.getNode()) >= bytes);
    }
}
