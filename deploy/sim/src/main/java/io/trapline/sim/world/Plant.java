package io.trapline.sim.world;

import io.trapline.sim.world.part.Seams;
import java.util.List;
import java.util.function.Supplier;

/**
 * Wrong seams, each of which the checks must notice: what it breaks, and the rules of which one must be named when it is noticed. Nothing but the simulation can
 * be given one.
 */
enum Plant {
    NONE("everything is as it is", List.of(), Seams::new),

    // The coordinator.
    CLAIM_TAKEN("a claim of a held type ends the holder's claim", List.of("C6"), WrongCoordinator.ClaimTaken::new),
    FREED_AT_ONCE(
            "a released type is free before its drain is over", List.of("F5, C5"), WrongCoordinator.FreedAtOnce::new),
    RETURNED_UNDRAINED(
            "a call returns before the drain that it waits for",
            List.of("F5, C5"),
            WrongCoordinator.ReturnsUndrained::new),
    RETRY_WITHOUT_ITS_ID(
            "a request that comes again is taken for another",
            List.of("I-5, section E"),
            WrongCoordinator.RetryWithoutItsId::new),
    ENTRY_UNDER_ANOTHER_NUMBER(
            "a log entry that is written again is applied again",
            List.of("I-5, section E"),
            WrongCoordinator.EntryUnderAnotherNumber::new),
    SNAPSHOT_WITHOUT_DRAINS(
            "a replica forgets its drains when it starts again",
            List.of("I-3, C6"),
            WrongCoordinator.SnapshotWithoutDrains::new),
    SNAPSHOT_OF_AN_OLDER_REVISION(
            "a replica that starts again gives out revisions again",
            List.of("I-4"),
            WrongCoordinator.SnapshotOfAnOlderRevision::new),
    NODE_RETURNS_UNNOTICED(
            "a node without its memory is taken for the one before",
            List.of("D4"),
            WrongCoordinator.NodeReturnsUnnoticed::new),

    // Between the coordinator and the actors of a node.
    CHANGE_UNTOLD("a node is not told of every change", List.of("I-6"), WrongCoordinator.ChangeUntold::new),
    SNAPSHOT_TAKEN_FOR_A_CHANGE(
            "a node that was away does not hear what is gone",
            List.of("I-6"),
            WrongCoordinator.SnapshotTakenForAChange::new),
    ACKNOWLEDGED_BEFORE_SHARDS(
            "a revision is acknowledged before the shards decide by it",
            List.of("rule 0", "C4"),
            WrongNode.AcknowledgesEarly::new),
    TABLE_BEFORE("a shard decides by the table before the last", List.of("C4"), WrongNode.TableBefore::new),

    // Types.
    HALF_A_TYPE_CHANGE(
            "one shard changes types though the other refuses", List.of("T6"), WrongNode.HalfATypeChange::new),
    WIPED_ON_TYPING("a page loses its contents when its type changes", List.of("T3, A4"), WrongNode.WipesOnTyping::new),

    // Accesses.
    ACCESSES_OUT_OF_ORDER("accesses reach a shard in another order", List.of("A3"), WrongNode.AccessesOutOfOrder::new),
    RETRY_TAKEN_FOR_NEW(
            "an access that is sent again is carried out again",
            List.of("A4", "T3, A4"),
            WrongNode.RetryTakenForNew::new),
    SERVERS_THOUGHT_GONE(
            "a shard decides again what servers still have", List.of("A4"), WrongNode.ServersThoughtGone::new),
    PART_MISPLACED(
            "a part of an access is passed on with a wrong address", List.of("A2"), WrongNode.PartMisplaced::new),
    ANSWER_CHANGED("a guest is told another value than the outcome", List.of("A4"), WrongNode.AnswerChanged::new),
    OPENING_UNHEARD_BY_SHARDS(
            "shards are not told that a vCPU was opened anew",
            List.of("A6", "A6, A4"),
            WrongNode.OpeningUnheardByShards::new),
    OPENING_UNHEARD_BY_SERVERS(
            "servers are not told that a vCPU was opened anew", List.of("A6"), WrongServers.OpeningUnheard::new),
    OPENING_UNHEARD_BY_VCPUS("a vCPU's earlier stream goes on", List.of("A6"), WrongNode.OpeningUnheardByVcpus::new),
    ANSWERS_WHILE_PAUSED(
            "guests get answers while the domain is paused", List.of("D1"), WrongNode.AnswersWhilePaused::new),

    // Servers.
    STALE_DECISION_TAKEN(
            "a server takes what was decided before its last change",
            List.of("C4", "S2", "R2"),
            WrongServers.TakesStaleDecisions::new),
    UNMAPPING_UNHEARD("a server is not told of a range that it has lost", List.of("R2"), WrongServers.KeepsRanges::new),
    SESSION_UNHEARD("a server is not told of a newer session", List.of("S5"), WrongServers.KeepsSession::new),
    FENCED_SESSION_BELIEVED(
            "answers of a fenced session are believed", List.of("S5, F2"), WrongServers.BelievesFencedSessions::new),
    LATE_ANSWER_BELIEVED(
            "an answer that fits no slot is believed", List.of("F1, F5"), WrongServers.BelievesLateAnswers::new),
    OUTCOME_LOST("an outcome does not reach its shard", List.of("A4, F5"), WrongServers.OutcomeLost::new),
    OUTCOME_CHANGED(
            "another value than the emulator's reaches the shard", List.of("F2"), WrongServers.OutcomeChanged::new),
    TIMED_OUT_EARLY(
            "a server's timeout is shorter than it is said to be", List.of("F4"), WrongServers.TimesOutEarly::new),
    NEVER_TIMED_OUT("a slot stays unanswered beyond its time", List.of("F4"), WrongServers.NeverTimesOut::new),
    TIMED_OUT_SLOT_USED(
            "a slot is used again while its answer may come", List.of("F1, F4"), WrongServers.FreesTimedOutSlots::new),
    DELIVERED_WHILE_PAUSED(
            "a server delivers while the domain is paused", List.of("D1"), WrongServers.DeliversWhilePaused::new),
    DELIVERED_OUT_OF_ORDER(
            "a server delivers a batch in another order", List.of("A3", "F3"), WrongServers.DeliversOutOfOrder::new),
    DELIVERED_BEYOND_CREDIT("a server delivers more than the credit", List.of("I-11"), WrongServers.BeyondCredit::new),
    DELIVERED_BEYOND_THE_STREAM(
            "a server delivers what the stream does not take", List.of("I-11"), WrongServers.BeyondTheStream::new),
    ROW_LOST_ON_THE_WAY(
            "a delivered row does not reach the emulator", List.of("F1"), WrongServers.RowLostOnTheWay::new),
    ROW_TWICE_ON_THE_WAY(
            "a delivered row reaches the emulator twice", List.of("F1"), WrongServers.RowTwiceOnTheWay::new),

    // What servers give back and drain.
    DRAINS_NOTHING("a drain catches no ioreq", List.of("F5, C5"), WrongServers.DrainsNothing::new),
    DRAINED_AT_ONCE("a drain is reported before it is over", List.of("F5, C5"), WrongServers.DrainedAtOnce::new),
    NEVER_DRAINED("a drain is never over", List.of("A4, F5"), WrongServers.NeverDrained::new),
    NO_TIME_TO_DRAIN("delivered ioreqs are decided again at once", List.of("F5"), WrongServers.GivesNoTimeToDrain::new),
    GIVEN_BACK_LOST(
            "what a server gives back does not reach the shard", List.of("A4, F5"), WrongServers.GivenBackLost::new),
    POSTED_LOST_AT_ATTACH(
            "posted writes are forgotten when a session begins", List.of("F3"), WrongServers.LosesPostedAtAttach::new),

    // Emulators and their calls.
    CALL_OF_A_FENCED_SESSION(
            "a memory call of a fenced session is carried out",
            List.of("F2, S5"),
            WrongServers.CallsOfFencedSessions::new),
    CALL_FOR_NO_IOREQ(
            "a memory call is carried out for an ioreq that is over",
            List.of("F2, F5"),
            WrongServers.CallsOfNoIoreq::new),
    SETTLED_TOO_FAR("a settled mark passes an ioreq that is under way", List.of("F6"), WrongNode.SettledTooFar::new),
    REDELIVERED_UNMARKED(
            "another run is not told that an ioreq may have been carried out",
            List.of("F6"),
            WrongServers.RedeliveredUnmarked::new),
    ACTED_TWICE("an emulator carries out what it has carried out", List.of("A4, F6"), WrongEmulators.ActsTwice::new),
    ACTED_AFTER_RELEASE(
            "an emulator carries out what was decided before a release that it knows of",
            List.of("C4"),
            WrongEmulators.ActsAfterRelease::new);

    private final String breaks;

    @SuppressWarnings("ImmutableEnumChecker") // List.of
    private final List<String> noticedBy;

    @SuppressWarnings("ImmutableEnumChecker") // A constructor reference holds nothing.
    private final Supplier<Seams> seams;

    Plant(String breaks, List<String> noticedBy, Supplier<Seams> seams) {
        this.breaks = breaks;
        this.noticedBy = noticedBy;
        this.seams = seams;
    }

    /** What is wrong, in a few words. */
    String breaks() {
        return breaks;
    }

    /** The rules as a {@link io.trapline.sim.check.Violation} names them; at least one of them must notice it. */
    List<String> noticedBy() {
        return noticedBy;
    }

    Seams seams() {
        return seams.get();
    }
}
