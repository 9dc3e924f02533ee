package io.trapline.coordinator.registry;

import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.PlacedDomain;
import io.trapline.internal.v1.ShardRun;
import io.trapline.model.Pure;
import io.trapline.v1.Domain;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.DomainState;
import io.trapline.v1.ShardState;
import java.util.ArrayList;
import java.util.List;

/**
 * That a command has taken a copy of some shards away, has added one, or has made the other one the primary (D4). Nodes are told by the registry's change; this is for operators.
 *
 * @param domain as it is afterwards
 * @param why in words
 */
@Pure
public record RunChange(Domain domain, ShardRun was, ShardRun now, String why) {
    /** What of that domain's shards the command has changed, by their order. */
    static List<RunChange> between(PlacedDomain before, PlacedDomain after, Command command) {
        Domain domain = after.getDomain().toBuilder()
                .setRedundancy(Domains.redundancy(after))
                .build();
        List<RunChange> changes = new ArrayList<>();
        for (int at = 0; at < after.getRunsCount(); at++) {
            ShardRun was = before.getRuns(at);
            ShardRun now = after.getRuns(at);
            if (isTold(was, now)) {
                changes.add(new RunChange(domain, was, now, why(command)));
            }
        }
        return changes;
    }

    /** A copy that is begun is none yet. */
    private static boolean isTold(ShardRun was, ShardRun now) {
        boolean isSame = was.getState() == now.getState()
                && was.getPrimary().equals(now.getPrimary())
                && was.getBackup().equals(now.getBackup());
        return !isSame && now.getState() != ShardState.SHARD_STATE_SYNCING;
    }

    /** Whether memory is lost, or a domain that is to have two copies has one only. */
    public boolean isLoss() {
        boolean isWanted = domain.getMemory() == DomainMemory.DOMAIN_MEMORY_REPLICATED
                && domain.getState() != DomainState.DOMAIN_STATE_DESTROYING;
        return now.getState() == ShardState.SHARD_STATE_LOST
                || (isWanted && now.getState() != ShardState.SHARD_STATE_DUAL);
    }

    private static String why(Command command) {
        return switch (command.getCommandCase()) {
            case LAPSE_NODE ->
                "the lease of node " + command.getLapseNode().getLife().getNode() + " is over";
            case END_NODE ->
                "the life of node " + command.getEndNode().getLife().getNode() + " is over";
            case REGISTER_NODE -> "node " + command.getRegisterNode().getNode() + " has begun another life";
            case DROP_BACKUP ->
                command.getDropBackup().hasPrimary()
                        ? "the primary hears nothing of the backup"
                        : "the leader gives the backup up, for a drain or behind a move";
            case ABANDON_SYNC ->
                command.getAbandonSync().hasPrimary()
                        ? "the primary hears nothing of the fresh copy"
                        : "the leader gives the fresh copy up: its node has no lease or is drained, or nobody needs it";
            case HAND_OVER -> "the primary hands over, for a drain";
            case ADD_BACKUP -> "the fresh copy has everything";
            case BEGIN_GENERATION -> "a backup of the registry was restored";
            default -> command.getCommandCase().toString();
        };
    }

    /** One line. */
    @Override
    public String toString() {
        return "domain " + domain.getDomid() + " of generation " + domain.getGeneration() + ", shards "
                + now.getFirstShard() + " to " + (now.getFirstShard() + now.getCount() - 1) + ", epoch "
                + now.getEpoch() + ": " + text(now) + ", was " + text(was) + ": " + why + "; the domain is " + state();
    }

    private String state() {
        return switch (domain.getState()) {
            case DOMAIN_STATE_CRASHED -> "CRASHED";
            case DOMAIN_STATE_DESTROYING -> "being destroyed";
            case DOMAIN_STATE_RUNNING, DOMAIN_STATE_PAUSED, DOMAIN_STATE_UNSPECIFIED, UNRECOGNIZED ->
                switch (domain.getRedundancy()) {
                    case DOMAIN_REDUNDANCY_REDUNDANT -> "REDUNDANT";
                    case DOMAIN_REDUNDANCY_DEGRADED -> "DEGRADED";
                    case DOMAIN_REDUNDANCY_NONE, DOMAIN_REDUNDANCY_UNSPECIFIED, UNRECOGNIZED -> "VOLATILE";
                };
        };
    }

    private static String text(ShardRun run) {
        String primary = run.getPrimary().getNode();
        return switch (run.getState()) {
            case SHARD_STATE_SOLO -> "SOLO at " + primary;
            case SHARD_STATE_SYNCING ->
                "SYNCING from " + primary + " to " + run.getSyncing().getNode();
            case SHARD_STATE_DUAL ->
                "DUAL at " + primary + " and " + run.getBackup().getNode();
            case SHARD_STATE_LOST -> "LOST, the primary was " + primary;
            case SHARD_STATE_UNSPECIFIED, UNRECOGNIZED -> "not known";
        };
    }
}
