package io.trapline.sim.world.cluster;

import io.trapline.coordinator.backup.Generations;
import io.trapline.internal.v1.Snapshot;
import io.trapline.sim.check.Violation;
import io.trapline.sim.world.cluster.coordinator.CoordinatorProcess;
import io.trapline.sim.world.cluster.host.Agenda;
import io.trapline.sim.world.cluster.raft.SimReplica;
import io.trapline.sim.world.cluster.seam.ClusterSeams;
import java.util.Comparator;
import java.util.Optional;
import java.util.OptionalInt;

/** Of some clusters all is lost, disks and all, once or twice; another one then goes on with a backup, by the real rules (D-8). */
final class Losses {
    private final Agenda agenda;
    private final ClusterSeams seams;
    private final int lossEvery;
    private int left;
    private int backUpIn;
    private int lossIn;
    private Optional<Snapshot> backup = Optional.empty();
    private int backups;
    private Optional<Generations.Noted> noted = Optional.empty();
    private int restores;

    /** @param steps of the whole run */
    Losses(Agenda agenda, ClusterSeams seams, int steps) {
        this.agenda = agenda;
        this.seams = seams;
        left = agenda.oneIn(4) ? 1 + agenda.upTo(1) : 0;
        lossEvery = steps / (left + 1);
        plan();
    }

    private void plan() {
        lossIn = lossEvery;
        // Not always: the same file is restored once more then.
        backUpIn = backup.isPresent() && agenda.oneIn(3) ? lossEvery : agenda.upTo(lossEvery - 1);
    }

    /** After each step: what another cluster is to begin with, where all of this one is lost now. */
    Optional<Cluster.Restored> stepped(Cluster cluster) {
        if (left == 0) {
            return Optional.empty();
        }
        if (backUpIn-- == 0) {
            backUp(cluster);
        }
        if (--lossIn > 0 || backup.isEmpty()) {
            return Optional.empty();
        }
        left--;
        plan();
        return Optional.of(restore(backup.get(), cluster.logChecks.revision()));
    }

    private void backUp(Cluster cluster) {
        cluster.coordinators().values().stream()
                .map(CoordinatorProcess::replica)
                .filter(replica -> replica.view().revision() > 0)
                .max(Comparator.comparingLong(SimReplica::applied))
                .ifPresentOrElse(
                        replica -> {
                            agenda.say(() ->
                                    "a backup of revision " + replica.view().revision());
                            backup = Optional.of(replica.registry().snapshot());
                            backups++;
                        },
                        () -> backUpIn = 1);
    }

    private Cluster.Restored restore(Snapshot file, long before) {
        String sha256 = "backup " + backups;
        OptionalInt asked =
                noted.stream().mapToInt(last -> last.generation() + 1).findFirst();
        if (!(Generations.choose(file.getRevision(), sha256, noted, 0, asked)
                instanceof Generations.Begin(int generation))) {
            throw new Violation("D-8", "%s cannot be restored after %s", sha256, noted);
        }
        noted = Optional.of(new Generations.Noted(generation, sha256));
        restores++;
        agenda.say(() -> "all is lost; " + sha256 + " is restored in generation " + generation);
        return new Cluster.Restored(seams.restored(file, Generations.begin(file, generation)), before);
    }

    /** How many clusters have begun with a backup. */
    int restores() {
        return restores;
    }
}
