package io.trapline.sim.world.copies;

import io.trapline.internal.v1.AbandonSync;
import io.trapline.internal.v1.AddBackup;
import io.trapline.internal.v1.BeginHandOver;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.DropBackup;
import io.trapline.internal.v1.HandOver;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.RunName;
import io.trapline.node.protocol.ShardPlace;
import io.trapline.sim.world.part.Layout;
import io.trapline.sim.world.part.Place;
import java.util.HashSet;
import java.util.Set;
import java.util.function.BiFunction;

/** What primaries at one node propose of their runs, of each kind one at a time; whoever wants it proposes it again until the registry has moved on. */
final class Proposals {
    private final Place place;
    private final long generation;
    private final Set<String> underWay = new HashSet<>();

    Proposals(Place place, long generation) {
        this.place = place;
        this.generation = generation;
    }

    void dropBackup(ShardPlace of) {
        propose(
                "drop backup",
                of,
                (run, primary) -> Command.newBuilder()
                        .setDropBackup(DropBackup.newBuilder().setRun(run).setPrimary(primary)));
    }

    void beginHandOver(ShardPlace of) {
        propose(
                "begin hand-over",
                of,
                (run, primary) -> Command.newBuilder()
                        .setBeginHandOver(BeginHandOver.newBuilder().setRun(run).setPrimary(primary)));
    }

    void handOver(ShardPlace of) {
        propose(
                "hand over",
                of,
                (run, primary) -> Command.newBuilder()
                        .setHandOver(HandOver.newBuilder().setRun(run).setPrimary(primary)));
    }

    void addBackup(ShardPlace of) {
        propose(
                "add backup",
                of,
                (run, primary) -> Command.newBuilder()
                        .setAddBackup(AddBackup.newBuilder().setRun(run).setPrimary(primary)));
    }

    void abandonSync(ShardPlace of) {
        propose(
                "abandon sync",
                of,
                (run, primary) -> Command.newBuilder()
                        .setAbandonSync(AbandonSync.newBuilder().setRun(run).setPrimary(primary)));
    }

    private void propose(String what, ShardPlace of, BiFunction<RunName, NodeLife, Command.Builder> command) {
        if (underWay.add(what)) {
            RunName run = RunName.newBuilder()
                    .setDomid(Layout.DOMID)
                    .setDomainGeneration(generation)
                    .setFirstShard(of.run())
                    .setEpoch(of.epoch())
                    .build();
            NodeLife primary = NodeLife.newBuilder()
                    .setNode(place.life().node())
                    .setIncarnation(place.life().incarnation())
                    .build();
            place.execute(
                    () -> what + " of epoch " + of.epoch(),
                    command.apply(run, primary).build(),
                    answer -> underWay.remove(what));
        }
    }
}
