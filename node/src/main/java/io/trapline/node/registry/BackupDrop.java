package io.trapline.node.registry;

import io.trapline.internal.v1.DropBackup;
import io.trapline.internal.v1.ExecuteRequest;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.RunName;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ShardPlace;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Proposes that a shard of a domain goes on without its backup, one at a time. What comes of it the registry's changes say: whoever wants it proposes it again until
 * they do.
 */
public final class BackupDrop implements Consumer<ShardPlace> {
    private final RegistryClient registry;
    private final Life self;
    private final int domid;
    private final long generation;
    private final AtomicBoolean underWay = new AtomicBoolean();

    /** @param self the primary */
    public BackupDrop(RegistryClient registry, Life self, int domid, long generation) {
        this.registry = registry;
        this.self = self;
        this.domid = domid;
        this.generation = generation;
    }

    @Override
    public void accept(ShardPlace place) {
        if (!underWay.compareAndSet(false, true)) {
            return;
        }
        RunName run = RunName.newBuilder()
                .setDomid(domid)
                .setDomainGeneration(generation)
                .setFirstShard(place.run())
                .setEpoch(place.epoch())
                .build();
        NodeLife primary = NodeLife.newBuilder()
                .setNode(self.node())
                .setIncarnation(self.incarnation())
                .build();
        registry.execute(ExecuteRequest.newBuilder()
                        .setDropBackup(DropBackup.newBuilder().setRun(run).setPrimary(primary))
                        .build())
                .whenComplete((response, failure) -> underWay.set(false));
    }
}
