package io.trapline.sim.world.cluster.seam;

import io.trapline.coordinator.registry.DrainRoles;
import io.trapline.coordinator.registry.UnattendedClaim;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.Snapshot;
import io.trapline.sim.world.cluster.request.Requests;
import java.util.List;
import java.util.Map;

/** Seams of clusters that are wrong. */
final class WrongSeams {
    private WrongSeams() {}

    static final class LeaseNeverEnds extends ClusterSeams {
        @Override
        public boolean serves(boolean serves) {
            return true;
        }
    }

    static final class StoppedClock extends ClusterSeams {
        @Override
        public boolean clockStopsWithProcess() {
            return true;
        }
    }

    static final class DeposedLeaderRenews extends ClusterSeams {
        @Override
        public boolean confirmsItself() {
            return true;
        }
    }

    static final class NewLeaderForgetsLeases extends ClusterSeams {
        @Override
        public List<NodeLife> mayHoldLeases(List<NodeLife> registered) {
            return List.of();
        }
    }

    static final class InquiryAnsweredAtOnce extends ClusterSeams {
        @Override
        public boolean answersInquiriesAtOnce() {
            return true;
        }
    }

    static final class ReleaseFreesEarly extends ClusterSeams {
        @Override
        public boolean finishesDrainsAtOnce() {
            return true;
        }
    }

    static final class EarlyReportCounts extends ClusterSeams {
        @Override
        public DrainRoles drainRoles(DrainRoles roles) {
            return new DrainRoles(Map.of(), roles.resetters(), 0);
        }
    }

    static final class GraceCutShort extends ClusterSeams {
        @Override
        public List<UnattendedClaim> unattended(List<UnattendedClaim> standing) {
            return standing.stream()
                    .map(claim -> new UnattendedClaim(
                            claim.domid(), claim.type(), claim.epoch(), claim.since(), claim.graceMillis() / 2))
                    .toList();
        }
    }

    static final class StandbyInAHurry extends ClusterSeams {
        @Override
        public boolean endsSessionsForOthers() {
            return true;
        }
    }

    static final class WipedReplicaVotes extends ClusterSeams {
        @Override
        public boolean starts(boolean admitted) {
            return true;
        }
    }

    static final class RestoreReusesEpochs extends ClusterSeams {
        @Override
        public Snapshot restored(Snapshot backup, Snapshot begun) {
            return backup;
        }
    }

    static final class PromoteAfterDrop extends ClusterSeams {
        @Override
        public boolean acknowledgesWhileItDrops() {
            return true;
        }
    }

    static final class HandsOverUnfrozen extends ClusterSeams {
        @Override
        public boolean decidesWhileItHandsOver() {
            return true;
        }
    }

    static final class BackupTooEarly extends ClusterSeams {
        @Override
        public boolean addsBackupsEarly() {
            return true;
        }
    }

    static final class RetryTwice extends ClusterSeams {
        @Override
        public Command retried(Command command) {
            return Requests.withoutId(command);
        }
    }
}
