package io.trapline.sim.world.cluster.check;

import io.trapline.internal.v1.DomainRecord;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.ShardRun;
import io.trapline.internal.v1.Snapshot;
import io.trapline.sim.check.Violation;
import io.trapline.v1.ShardState;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/** V-10: a drain ends only when every life that serves, and has a copy of what is drained, has said that it is done with it since it came to have that copy. */
public final class DrainReports {
    /** A life's copy, and since when it has that. */
    private record Copy(boolean decides, long since) {}

    private record Report(NodeLife life, long drain) {}

    /** By the domain's generation. */
    private final Map<Long, Map<NodeLife, Copy>> copies = new HashMap<>();

    /** By drain the domain's generation. */
    private final Map<Long, Long> drains = new HashMap<>();

    /** What a life had applied when it said so last. */
    private final Map<Report, Long> said = new HashMap<>();

    private long again;

    /** How often a life has said so once more, of a copy that it had not had before. */
    public long again() {
        return again;
    }

    /** That is there to begin with. */
    public void begin(Snapshot registry) {
        registry.getDrainsList().forEach(this::begun);
    }

    private void begun(DrainRecord drain) {
        drains.put(drain.getRevision(), drain.getDomainGeneration());
    }

    /** A life says that it is done with a drain. */
    public void said(NodeLife life, long drain, long acknowledged) {
        Long before = said.put(new Report(life, drain), acknowledged);
        Copy copy = copiesOf(drain).get(life);
        again += before != null && copy != null && before < copy.since() ? 1 : 0;
    }

    /** Whether it has said so. */
    public boolean hasSaid(NodeLife life, long drain) {
        return said.containsKey(new Report(life, drain));
    }

    private Map<NodeLife, Copy> copiesOf(long drain) {
        return copies.getOrDefault(drains.getOrDefault(drain, 0L), Map.of());
    }

    /** A command is in force, and has changed something. */
    public void inForce(RegistryChange change, Collection<? extends Serving> nodes) {
        change.getDrainsList().forEach(this::begun);
        for (long drain : change.getEndedDrainsList()) {
            nodes.stream().filter(Serving::serves).forEach(node -> mustHaveSaid(node.life(), drain));
            drains.remove(drain);
        }
        change.getDomainsList().forEach(record -> placed(record, change.getRevision()));
    }

    private void mustHaveSaid(NodeLife life, long drain) {
        Copy copy = copiesOf(drain).get(life);
        long applied = said.getOrDefault(new Report(life, drain), 0L);
        if (copy != null && applied < copy.since()) {
            throw new Violation(
                    "V-10",
                    "drain %d is finished, and %s has said so at %d last, before it had the copy that it has since %d",
                    drain,
                    life.getNode(),
                    applied,
                    copy.since());
        }
    }

    /** Each domain has one run of shards here. */
    private void placed(DomainRecord record, long revision) {
        ShardRun run = record.getRuns(0);
        Map<NodeLife, Copy> now = new HashMap<>();
        if (run.getState() != ShardState.SHARD_STATE_LOST) {
            now.put(run.getPrimary(), new Copy(true, revision));
        }
        if (run.getState() == ShardState.SHARD_STATE_DUAL) {
            now.put(run.getBackup(), new Copy(false, revision));
        }
        Map<NodeLife, Copy> before = copies.getOrDefault(record.getDomain().getGeneration(), Map.of());
        now.replaceAll((life, copy) -> {
            Copy had = before.get(life);
            return had != null && had.decides() == copy.decides() ? had : copy;
        });
        copies.put(record.getDomain().getGeneration(), now);
    }
}
