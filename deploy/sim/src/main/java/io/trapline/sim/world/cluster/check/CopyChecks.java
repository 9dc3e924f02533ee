package io.trapline.sim.world.cluster.check;

import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.DomainRecord;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.ShardRun;
import io.trapline.sim.check.Violation;
import io.trapline.v1.DomainState;
import io.trapline.v1.ShardState;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * V-6, V-7, V-13: what was acknowledged of a domain is in the copy by which anybody decides, acknowledgements come in the order of epochs, and memory is lost only
 * with the last life that had a whole copy: of each run of shards by itself. Nodes that have a model of a copy have one of the whole domain, which is its only run there.
 */
public final class CopyChecks {
    private static final class Domain {
        final Set<Long> acknowledged = new HashSet<>();
        long epoch;
    }

    /** By generation. */
    private final Map<Long, Domain> domains = new HashMap<>();

    /** By generation and first shard, as they were last. */
    private final Map<Long, Map<Integer, ShardRun>> runs = new HashMap<>();

    private long acknowledged;
    private long promotions;

    /** How many changes were acknowledged. */
    public long acknowledged() {
        return acknowledged;
    }

    /** How often a backup became primary. */
    public long promotions() {
        return promotions;
    }

    /** A primary decides an access by its copy. */
    public void decides(long generation, NodeLife by, long epoch, Set<Long> copy) {
        Domain domain = domain(generation);
        if (epoch < domain.epoch) {
            throw new Violation(
                    "V-6", "%s decides under epoch %d, and another has under %d", by.getNode(), epoch, domain.epoch);
        }
        long missing = domain.acknowledged.stream()
                .filter(change -> !copy.contains(change))
                .count();
        if (missing > 0) {
            throw new Violation(
                    "V-7",
                    "%s decides accesses of domain %d under epoch %d without %d changes that were acknowledged",
                    by.getNode(),
                    generation,
                    epoch,
                    missing);
        }
    }

    /** A primary acknowledges a change. */
    public void acknowledges(long generation, NodeLife by, long epoch, long change) {
        Domain domain = domain(generation);
        if (epoch < domain.epoch) {
            throw new Violation(
                    "V-6",
                    "%s acknowledges a change under epoch %d, and another has under %d",
                    by.getNode(),
                    epoch,
                    domain.epoch);
        }
        domain.epoch = epoch;
        domain.acknowledged.add(change);
        acknowledged++;
    }

    /** A command is in force, and has changed something. */
    public void inForce(Command command, RegistryChange change) {
        for (DomainRecord record : change.getDomainsList()) {
            Map<Integer, ShardRun> known =
                    runs.computeIfAbsent(record.getDomain().getGeneration(), fresh -> new HashMap<>());
            // With one run all are lost, since their domain is.
            boolean someLost = false;
            boolean mayBeLost = false;
            for (ShardRun run : record.getRunsList()) {
                ShardRun was = known.put(run.getFirstShard(), run);
                if (isLost(run)) {
                    someLost = true;
                    mayBeLost |= was == null || was.getState() != ShardState.SHARD_STATE_DUAL;
                }
                if (was != null) {
                    moves(command, was, run);
                }
            }
            if (someLost && !mayBeLost) {
                throw new Violation(
                        "V-13", "%s loses what has two copies:%n%s", command.getCommandCase(), record.getRunsList());
            }
            if (!someLost && record.getDomain().getState() == DomainState.DOMAIN_STATE_CRASHED) {
                throw new Violation(
                        "V-13", "%s ends what has lost nothing:%n%s", command.getCommandCase(), record.getRunsList());
            }
        }
    }

    private void moves(Command command, ShardRun was, ShardRun run) {
        if (run.getEpoch() < was.getEpoch()) {
            throw new Violation("V-6", "%s goes back from%n%s to%n%s", command.getCommandCase(), was, run);
        }
        if (run.getCount() != was.getCount()) {
            throw new Violation("V-6", "%s makes other runs of%n%s and%n%s", command.getCommandCase(), was, run);
        }
        boolean isSolo = run.getState() == ShardState.SHARD_STATE_SOLO;
        boolean isOthers = !run.getPrimary().equals(was.getPrimary());
        if (isOthers && !isLost(run) && !(isSolo && run.getPrimary().equals(was.getBackup()))) {
            throw new Violation(
                    "V-7",
                    "%s lets one decide that had no whole copy:%n%s, after%n%s",
                    command.getCommandCase(),
                    run,
                    was);
        }
        if (isOthers && isSolo) {
            promotions++;
        }
    }

    private static boolean isLost(ShardRun run) {
        return run.getState() == ShardState.SHARD_STATE_LOST;
    }

    private Domain domain(long generation) {
        return domains.computeIfAbsent(generation, fresh -> new Domain());
    }
}
