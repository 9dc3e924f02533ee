package io.trapline.sim.world.hosts;

import io.trapline.sim.world.cluster.seam.ClusterPlant;
import io.trapline.sim.world.part.Seams;
import java.util.List;
import java.util.function.Supplier;

/** Wrong seams of nodes on several hosts, each of which the checks must notice; nothing but the simulation can be given one. */
enum HostsPlant {
    NONE("everything is as it is", List.of(), Seams::new),
    NO_EPOCH_CHECK(
            "a server takes what was decided before its last change",
            List.of("C4", "S2", "R2", "F5"),
            WrongHosts.NoEpochCheck::new),
    LATE_WRITE_ACCEPTED(
            "an emulator writes a page for an ioreq that is over",
            List.of("F2, F5", "F2, S5", "A6, F2"),
            WrongHosts.LateWriteAccepted::new),
    ACCESS_EXECUTED_TWICE(
            "an access that a guest sends again at another node is taken for another",
            List.of("A3", "A4", "A6, A4", "A4, F5"),
            WrongHosts.AccessExecutedTwice::new),
    EARLIER_GATEWAY_HEARD(
            "a shard does not hear that a guest has gone on elsewhere (D-16)",
            List.of("A4", "A4, F5"),
            WrongHosts.EarlierGatewayHeard::new),
    RESENT_UNMARKED(
            "what a guest sends again at another node is not marked (D-20)",
            List.of("A4"),
            WrongHosts.ResentUnmarked::new),
    LINK_DELIVERS_TWICE(
            "a frame that comes again is taken again (D-18)",
            List.of("A3", "A4", "A4, F4", "F1", "F1, F5", "F5"),
            WrongHosts.LinkDeliversTwice::new),
    ACKNOWLEDGED_BEFORE_BACKUP(
            "a primary tells of what its backup has not done (D-23)",
            List.of("V-7"),
            WrongHosts.AcknowledgesForBackups::new),
    STALE_CHUNK_COPIED(
            "a fresh copy is given a chunk as it was before guests changed it (D-24)",
            List.of("T3"),
            WrongHosts.StaleChunks::new),
    PRIMARY_KNOWN_BY_ITS_RUN(
            "servers know a primary by the epoch of its run, which changes with its copies",
            List.of("F6", "A4, F5"),
            WrongHosts.KnownByItsRun::new),
    PREPARE_WITHOUT_RECOVERY(
            "who comes to carry out type calls does not hear what was cut short (D-26)",
            List.of("T6"),
            WrongHosts.MarksUnheard::new),
    RETRY_EXECUTED_AGAIN_IN_SHARD(
            "a shard forgets what it has answered under request ids (section E)",
            List.of("V-14"),
            WrongHosts.ForgetsAnswers::new),
    PROMOTED_WITHOUT_ANSWERS(
            "a copy that comes to decide has not what was answered under request ids (D-25)",
            List.of("V-14"),
            WrongHosts.PromotedWithoutAnswers::new),
    ACKNOWLEDGED_TOO_FAR(
            "a node is told that a client has an answer that it may ask for again (section E)",
            List.of("V-14", "T3, A4"),
            WrongHosts.AcknowledgesTooMuch::new),
    EARLIER_HOME_BELIEVED(
            "a shard believes what a server's earlier home says (D-22)",
            List.of("A4", "A4, F4", "A4, F5", "F5", "A3", "F3", "F2"),
            WrongHosts.EarlierHomeBelieved::new),
    HOME_BEGINS_EARLY(
            "a server's home begins by what a node said before another shard came to it (D-22)",
            List.of("A3, D-22"),
            WrongHosts.HomeBeginsEarly::new),
    SERVES_WITHOUT_A_LEASE("a node that has had a lease goes on serving", List.of("V-2", "V-4", "V-5"), Seams::new);

    private final String breaks;

    @SuppressWarnings("ImmutableEnumChecker") // List.of
    private final List<String> noticedBy;

    @SuppressWarnings("ImmutableEnumChecker") // A constructor reference holds nothing.
    private final Supplier<Seams> seams;

    HostsPlant(String breaks, List<String> noticedBy, Supplier<Seams> seams) {
        this.breaks = breaks;
        this.noticedBy = noticedBy;
        this.seams = seams;
    }

    /** What is wrong, in a few words. */
    String breaks() {
        return breaks;
    }

    /** The rules of which one at least must notice it. */
    List<String> noticedBy() {
        return noticedBy;
    }

    /** Fresh ones. */
    Seams seams() {
        return seams.get();
    }

    /** What is wrong with leases. */
    ClusterPlant leases() {
        return this == SERVES_WITHOUT_A_LEASE ? ClusterPlant.LEASE_NEVER_ENDS : ClusterPlant.NONE;
    }
}
