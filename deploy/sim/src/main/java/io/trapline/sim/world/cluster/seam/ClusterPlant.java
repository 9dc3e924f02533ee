package io.trapline.sim.world.cluster.seam;

import java.util.List;
import java.util.function.Supplier;

/** Wrong seams of a cluster, each of which the checks must notice; nothing but the simulation can be given one. */
public enum ClusterPlant {
    NONE("everything is as it is", List.of(), ClusterSeams::new),
    LEASE_NEVER_ENDS(
            "a node that has had a lease goes on serving",
            List.of("V-2", "V-4", "V-5"),
            WrongSeams.LeaseNeverEnds::new),
    STOPPED_CLOCK(
            "a node's clock stands still while its process is stopped",
            List.of("V-2", "V-4", "V-5"),
            WrongSeams.StoppedClock::new),
    DEPOSED_LEADER_RENEWS(
            "a leader grants leases without a quorum", List.of("V-2", "V-3"), WrongSeams.DeposedLeaderRenews::new),
    NEW_LEADER_FORGETS_LEASES(
            "a new leader does not wait for what the one before has granted",
            List.of("V-2", "V-4", "V-5"),
            WrongSeams.NewLeaderForgetsLeases::new),
    INQUIRY_ANSWERED_AT_ONCE(
            "a leader that is asked for another takes what it has applied itself for in force everywhere",
            List.of("V-5"),
            WrongSeams.InquiryAnsweredAtOnce::new),
    RELEASE_FREES_EARLY("a type is free before its drain is over", List.of("V-10"), WrongSeams.ReleaseFreesEarly::new),
    EARLY_REPORT_COUNTS(
            "what a node has said of a drain before it had a copy counts for that copy",
            List.of("V-10"),
            WrongSeams.EarlyReportCounts::new),
    GRACE_CUT_SHORT(
            "a claim ends before its grace period without an emulator is over",
            List.of("V-16"),
            WrongSeams.GraceCutShort::new),
    STANDBY_IN_A_HURRY(
            "an emulator that stands by takes over while another one is active",
            List.of("V-17"),
            WrongSeams.StandbyInAHurry::new),
    WIPED_REPLICA_VOTES(
            "a coordinator that has lost its disk goes on as before",
            List.of("V-1", "V-12"),
            WrongSeams.WipedReplicaVotes::new),
    RESTORE_REUSES_EPOCHS(
            "a backup is restored in the generation that it is of",
            List.of("V-12"),
            WrongSeams.RestoreReusesEpochs::new),
    PROMOTE_AFTER_DROP(
            "a primary acknowledges alone before the registry has dropped its backup",
            List.of("V-6", "V-7"),
            WrongSeams.PromoteAfterDrop::new),
    HANDS_OVER_UNFROZEN(
            "a primary goes on deciding while it hands over to its backup",
            List.of("V-6", "V-7"),
            WrongSeams.HandsOverUnfrozen::new),
    BACKUP_TOO_EARLY(
            "a backup is added that has not everything that was acknowledged",
            List.of("V-7"),
            WrongSeams.BackupTooEarly::new),
    RETRY_EXECUTED_TWICE(
            "a request that comes again is taken for another", List.of("V-14"), WrongSeams.RetryTwice::new);

    private final String breaks;

    @SuppressWarnings("ImmutableEnumChecker") // List.of
    private final List<String> noticedBy;

    @SuppressWarnings("ImmutableEnumChecker") // A constructor reference holds nothing.
    private final Supplier<ClusterSeams> seams;

    ClusterPlant(String breaks, List<String> noticedBy, Supplier<ClusterSeams> seams) {
        this.breaks = breaks;
        this.noticedBy = noticedBy;
        this.seams = seams;
    }

    /** What is wrong, in a few words. */
    public String breaks() {
        return breaks;
    }

    /** The rules as a {@link io.trapline.sim.check.Violation} names them; at least one of them must notice it. */
    public List<String> noticedBy() {
        return noticedBy;
    }

    /** Fresh ones. */
    public ClusterSeams seams() {
        return seams.get();
    }
}
