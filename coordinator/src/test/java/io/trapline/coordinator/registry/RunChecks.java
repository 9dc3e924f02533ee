package io.trapline.coordinator.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.PlacedDomain;
import io.trapline.internal.v1.ShardRun;
import io.trapline.internal.v1.Snapshot;
import io.trapline.v1.DomainState;
import io.trapline.v1.ShardState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What must hold of runs of shards after each command (D-24, V-7, V-13). */
final class RunChecks {
    private RunChecks() {}

    static void check(Snapshot before, Snapshot after, Command command) {
        Set<NodeLife> alive = lives(after);
        Map<Long, ShardRun> earlier = new HashMap<>();
        before.getDomainsList().forEach(placed -> earlier.put(placed.getDomain().getGeneration(), placed.getRuns(0)));
        for (PlacedDomain placed : after.getDomainsList()) {
            ShardRun run = placed.getRuns(0);
            checkShape(placed, run, alive);
            ShardRun was = earlier.get(placed.getDomain().getGeneration());
            if (was != null && !was.equals(run)) {
                assertThat(run.getEpoch()).isEqualTo(after.getRevision());
                boolean stays = run.getPrimary().equals(was.getPrimary());
                assertThat(run.getPrimaryRevision()).isEqualTo(stays ? was.getPrimaryRevision() : after.getRevision());
                checkCopies(was, run, lives(before), alive, command);
            }
        }
    }

    /** Every role is a life that is there; which there are follows from the state. */
    private static void checkShape(PlacedDomain placed, ShardRun run, Set<NodeLife> alive) {
        assertThat(run.getCount()).isEqualTo(ShardPlan.count(placed));
        List<NodeLife> roles = new ArrayList<>();
        switch (run.getState()) {
            case SHARD_STATE_SOLO -> roles.add(run.getPrimary());
            case SHARD_STATE_SYNCING -> roles.addAll(List.of(run.getPrimary(), run.getSyncing()));
            case SHARD_STATE_DUAL -> roles.addAll(List.of(run.getPrimary(), run.getBackup()));
            case SHARD_STATE_LOST -> {
                assertThat(alive).as("has the memory").doesNotContain(run.getPrimary());
                assertThat(placed.getDomain().getState())
                        .isIn(DomainState.DOMAIN_STATE_CRASHED, DomainState.DOMAIN_STATE_DESTROYING);
            }
            default -> throw new AssertionError(run);
        }
        assertThat(alive).containsAll(roles);
        assertThat(roles).doesNotHaveDuplicates();
        assertThat(run.hasBackup()).isEqualTo(run.getState() == ShardState.SHARD_STATE_DUAL);
        assertThat(run.hasSyncing()).isEqualTo(run.getState() == ShardState.SHARD_STATE_SYNCING);
    }

    /** Who is primary had a whole copy; it is lost only with the last life that had one; a life that proposes is the primary. */
    private static void checkCopies(
            ShardRun was, ShardRun run, Set<NodeLife> aliveBefore, Set<NodeLife> alive, Command command) {
        Set<NodeLife> whole = new HashSet<>(List.of(was.getPrimary(), was.getBackup()));
        whole.retainAll(aliveBefore);
        if (run.getState() == ShardState.SHARD_STATE_LOST) {
            whole.retainAll(alive);
            assertThat(whole).as("lives that have %s", was).isEmpty();
            return;
        }
        assertThat(whole).contains(run.getPrimary());
        if (run.hasBackup() && !run.getBackup().equals(was.getPrimary())) {
            assertThat(run.getBackup()).isEqualTo(was.getSyncing());
            assertThat(command.getAddBackup().getPrimary()).isEqualTo(was.getPrimary());
        }
        if (command.hasDropBackup()) {
            assertThat(run.getPrimary()).isEqualTo(was.getPrimary());
            assertThat(
                            command.getDropBackup().hasPrimary()
                                    ? command.getDropBackup().getPrimary()
                                    : was.getPrimary())
                    .isEqualTo(was.getPrimary());
        }
        if (!run.getPrimary().equals(was.getPrimary())) {
            assertThat(command.hasHandOver()
                            || command.hasLapseNode()
                            || command.hasEndNode()
                            || command.hasRegisterNode())
                    .as("%s makes another life primary", command)
                    .isTrue();
        }
    }

    private static Set<NodeLife> lives(Snapshot snapshot) {
        Set<NodeLife> lives = new HashSet<>();
        snapshot.getNodesList().stream()
                .map(Nodes::life)
                .filter(life -> life.getIncarnation() != 0)
                .forEach(lives::add);
        return lives;
    }
}
