package io.trapline.sim.world.cluster.seam;

import io.trapline.coordinator.registry.DrainRoles;
import io.trapline.coordinator.registry.UnattendedClaim;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.Snapshot;
import java.util.List;

/** What passes between the rules of a cluster, as it passes. A {@link ClusterPlant} puts something wrong in its place. */
public class ClusterSeams {
    /** Whether a node acts, whose rules say whether it may (D-11). */
    public boolean serves(boolean serves) {
        return serves;
    }

    /** Whether the clock of a node's host stands still while its process is stopped (1.4). */
    public boolean clockStopsWithProcess() {
        return false;
    }

    /** Whether a leader takes it for confirmed, without a log entry, that it leads (D-5). */
    public boolean confirmsItself() {
        return false;
    }

    /** The lives that a new leader waits for (D-10). */
    public List<NodeLife> mayHoldLeases(List<NodeLife> registered) {
        return registered;
    }

    /** Whether a leader that is asked by another coordinator takes what it has reached for in force everywhere (D-4). */
    public boolean answersInquiriesAtOnce() {
        return false;
    }

    /** The claims that end where no emulator comes for a grace period, as a leader sees them (C6). */
    public List<UnattendedClaim> unattended(List<UnattendedClaim> standing) {
        return standing;
    }

    /** Whether a leader ends a session for which others wait (S5). */
    public boolean endsSessionsForOthers() {
        return false;
    }

    /** Whether a drain is finished when it has begun (F5). */
    public boolean finishesDrainsAtOnce() {
        return false;
    }

    /** Whose word a drain waits for, and since when it is about what they have (V-10). */
    public DrainRoles drainRoles(DrainRoles roles) {
        return roles;
    }

    /** Whether a coordinator may start on that disk: {@code admitted} is what the rules say (D-2). */
    public boolean starts(boolean admitted) {
        return admitted;
    }

    /** What a cluster begins with: {@code begun} is the backup in its new generation (D-8). */
    public Snapshot restored(Snapshot backup, Snapshot begun) {
        return begun;
    }

    /** Whether a primary goes on acknowledging as it proposes to drop its backup (D-23). */
    public boolean acknowledgesWhileItDrops() {
        return false;
    }

    /** Whether a primary that is to hand over goes on deciding until another one is primary (D-27). */
    public boolean decidesWhileItHandsOver() {
        return false;
    }

    /** Whether a primary proposes a backup that has not confirmed everything (D-24). */
    public boolean addsBackupsEarly() {
        return false;
    }

    /** A request that comes again, as the registry sees it (section E). */
    public Command retried(Command command) {
        return command;
    }
}
