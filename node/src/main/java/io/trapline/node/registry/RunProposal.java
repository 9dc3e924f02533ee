package io.trapline.node.registry;

import io.trapline.internal.v1.AbandonSync;
import io.trapline.internal.v1.AddBackup;
import io.trapline.internal.v1.BeginHandOver;
import io.trapline.internal.v1.DropBackup;
import io.trapline.internal.v1.ExecuteRequest;
import io.trapline.internal.v1.HandOver;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.RunName;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ShardPlace;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Proposes, as the primary of a shard of a domain, that the shard goes on without its backup, that its backup goes on in its place, or that a
 * fresh copy is one or is given up; one at a time. What comes of it the registry's changes say: whoever wants it proposes it again until they do.
 */
public final class RunProposal implements Consumer<ShardPlace> {
    /** What is proposed of a run. */
    public interface What {
        /** That there be one copy: {@code primary}'s. */
        What DROP_BACKUP = (run, primary) -> ExecuteRequest.newBuilder()
                .setDropBackup(DropBackup.newBuilder().setRun(run).setPrimary(primary));

        /** That all shards of the run are frozen, and handed over. */
        What BEGIN_HAND_OVER = (run, primary) -> ExecuteRequest.newBuilder()
                .setBeginHandOver(BeginHandOver.newBuilder().setRun(run).setPrimary(primary));

        /** That the backup be the primary; {@code primary} tells nobody anything any more. */
        What HAND_OVER = (run, primary) -> ExecuteRequest.newBuilder()
                .setHandOver(HandOver.newBuilder().setRun(run).setPrimary(primary));

        /** That the copy which is being made is a backup; {@code primary} has given it everything. */
        What ADD_BACKUP = (run, primary) -> ExecuteRequest.newBuilder()
                .setAddBackup(AddBackup.newBuilder().setRun(run).setPrimary(primary));

        /** That the copy which is being made is given up. */
        What ABANDON_SYNC = (run, primary) -> ExecuteRequest.newBuilder()
                .setAbandonSync(AbandonSync.newBuilder().setRun(run).setPrimary(primary));

        /** The command for the registry. */
        ExecuteRequest.Builder command(RunName run, NodeLife primary);
    }

    private static final Logger LOG = LoggerFactory.getLogger(RunProposal.class);

    private final RegistryClient registry;
    private final Life self;
    private final int domid;
    private final long generation;
    private final AtomicBoolean underWay = new AtomicBoolean();
    private final What what;
    /** Of which it has been logged; of whoever proposes. */
    private @Nullable ShardPlace said;

    /** @param self the primary */
    public RunProposal(RegistryClient registry, Life self, int domid, long generation, What what) {
        this.registry = registry;
        this.self = self;
        this.domid = domid;
        this.generation = generation;
        this.what = what;
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
        ExecuteRequest command = what.command(run, primary).build();
        boolean isNew = !place.equals(said);
        said = place;
        LOG.atLevel(isNew ? Level.INFO : Level.DEBUG)
                .log(
                        "proposing {} of domain {}, from shard {} on, epoch {}",
                        command.getCommandCase(),
                        domid,
                        place.run(),
                        place.epoch());
        registry.execute(command).whenComplete((response, failure) -> underWay.set(false));
    }
}
