package io.trapline.sim.world.part;

import io.trapline.internal.v1.DrainKind;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.model.MemType;
import io.trapline.node.registry.DomainView;
import io.trapline.node.registry.DrainLedger;
import io.trapline.node.registry.OwnCopies;
import java.util.List;
import java.util.Set;

/** The drains that wait for something at one life of a node, as {@code NodeRegistry} has them (F5, V-10). */
final class NodeDrains {
    private final Place place;
    private final NodeMemory memory;
    private final Runnable report;
    private final DrainLedger drains = new DrainLedger();
    private final OwnCopies copies;

    /** @param report has what is over reported, if there is somebody to report to */
    NodeDrains(Place place, NodeMemory memory, Runnable report) {
        this.place = place;
        this.memory = memory;
        this.report = report;
        copies = new OwnCopies(place.life());
    }

    void begin(DrainRecord drain) {
        drains.begin(drain);
    }

    void retain(Set<Long> standing) {
        drains.retain(standing);
    }

    void forgetReports() {
        drains.forgetReports();
    }

    void report(long acknowledged) {
        drains.report(acknowledged).forEach(place::reported);
    }

    /** The domain is that from now on, and its actors have been told: what was said before is not about copies that have come (V-10). */
    void follow(DomainView now) {
        if (copies.gains(now)) {
            drains.regained(now.generation(), now.table().revision()).forEach(this::onDrained);
        }
    }

    /** The server has nothing of it here; its shards here may have something of it elsewhere, which then is not drained (V-10). */
    void onDrained(long revision) {
        DrainRecord drain = drains.pending(revision).orElse(null);
        if (drain == null) {
            return;
        }
        long look = drains.look(revision);
        List<? extends Shard> shards = memory.shards();
        int[] left = {shards.size() + 1};
        Runnable one = () -> {
            if (--left[0] == 0) {
                onReturned(revision, look);
            }
        };
        for (Shard shard : shards) {
            Runnable returned =
                    () -> place.between(shard.name(), "registry of the node").tell(() -> "returned " + revision, one);
            place.between("registry of the node", shard.name())
                    .tell(
                            () -> "await returned " + revision,
                            () -> shard.whenApplied(
                                    revision, () -> shard.awaitReturned(drain.getId(), revision, returned)));
        }
        one.run();
    }

    private void onReturned(long revision, long look) {
        DrainRecord drain = drains.pending(revision).orElse(null);
        if (drain == null || !drains.isLatest(revision, look)) {
            return;
        }
        if (drain.getKind() != DrainKind.DRAIN_KIND_RELEASE || !drain.getReset()) {
            finish(revision);
        } else if (drains.beginReset(revision)) {
            memory.reset(MemType.ofCode(drain.getTypeValue()).x(), () -> onReset(revision));
        }
    }

    private void onReset(long revision) {
        if (drains.endReset(revision)) {
            onDrained(revision);
        } else {
            finish(revision);
        }
    }

    private void finish(long revision) {
        drains.finish(revision);
        report.run();
    }
}
