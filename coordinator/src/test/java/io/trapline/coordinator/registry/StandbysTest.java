package io.trapline.coordinator.registry;

import static io.trapline.coordinator.registry.Cluster.attach;
import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.DetachEmulator;
import io.trapline.internal.v1.DrainNode;
import io.trapline.internal.v1.ServerRecord;
import io.trapline.internal.v1.StandbyEmulator;
import io.trapline.model.Errno;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("S5: emulators that stand by")
final class StandbysTest {
    private static final String OTHER = "n2";

    private final Cluster cluster = Cluster.withNode();
    private int domid;
    private int id;
    private long generation;
    private long active;

    @BeforeEach
    void anActiveSession() {
        cluster.done(Command.newBuilder().setRegisterNode(Cluster.node(OTHER, 5)));
        domid = cluster.domain();
        id = cluster.server(domid);
        generation = cluster.generation(domid, id);
        active = cluster.done(stream(1, Cluster.NODE, false)).getRevision();
    }

    @Test
    void takeOverInTheOrderOfTheirArrivalWhenTheActiveSessionEnds() {
        standBy(2, OTHER);
        standBy(3, Cluster.NODE);
        assertThat(server().getServer().getSessionEpoch()).isEqualTo(active);

        long second = cluster.done(detach(active, 0)).getRevision();

        assertThat(server().getServer().getSessionEpoch()).isEqualTo(second).isGreaterThan(active);
        assertThat(server().getServer().getRun()).isEqualTo(2);
        assertThat(server().getSessionStream()).isEqualTo(2);
        assertThat(server().getHome()).isEqualTo(Cluster.life(OTHER, 5));
        // F6
        assertThat(server().getOtherRunUntil()).isEqualTo(second);
        // C7
        assertThat(server().getChangedRevision()).isEqualTo(second);

        cluster.done(detach(0, 2));
        assertThat(server().getSessionStream()).isEqualTo(3);
        cluster.done(detach(0, 3));
        assertThat(server().getServer().getSessionEpoch()).isZero();
    }

    @Test
    void beginAtOnceWhereNobodyIsActive() {
        cluster.done(detach(active, 0));

        Answer answer = cluster.done(stream(2, Cluster.NODE, true));

        assertThat(answer.getExecute().getStandsBy()).isFalse();
        assertThat(server().getServer().getSessionEpoch())
                .isEqualTo(answer.getExecute().getRevision())
                .isPositive();
    }

    @Test
    void areToldTheEpochOfTheirSessionWhenTheyAskAgain() {
        standBy(2, Cluster.NODE);
        long before = cluster.registry.view().revision();
        standBy(2, Cluster.NODE);
        assertThat(cluster.registry.view().revision()).isEqualTo(before);
        long began = cluster.done(detach(active, 0)).getRevision();

        Answer answer = cluster.done(stream(2, Cluster.NODE, true));

        assertThat(answer.getExecute().getRevision()).isEqualTo(began);
        // rule 0
        assertThat(answer.getRevision()).isEqualTo(began);
        assertThat(cluster.registry.view().revision()).isEqualTo(began);
    }

    @Test
    @DisplayName("S5: an attach that comes behind the end of its stream fences nobody")
    void doNotComeBehindTheEndOfTheirStream() {
        cluster.done(detach(0, 7));

        cluster.refused(Errno.EAGAIN, stream(7, Cluster.NODE, false));
        cluster.refused(Errno.EAGAIN, stream(7, Cluster.NODE, true));

        assertThat(server().getServer().getSessionEpoch()).isEqualTo(active);
        assertThat(server().getStandbysList()).isEmpty();
        // C7: the end of what never was changes nothing for anybody.
        assertThat(server().getChangedRevision()).isEqualTo(active);
        cluster.done(stream(8, Cluster.NODE, false));
        assertThat(server().getSessionStream()).isEqualTo(8);
    }

    @Test
    void areRememberedAsEndedUpToABound() {
        for (int i = 0; i < 17; i++) {
            cluster.done(detach(0, 100 + i));
        }
        cluster.done(detach(0, 116));

        cluster.refused(Errno.EAGAIN, stream(116, Cluster.NODE, false));
        cluster.refused(Errno.EAGAIN, stream(101, Cluster.NODE, false));
        cluster.done(stream(100, Cluster.NODE, false));
    }

    @Test
    void leaveTheLineWithoutAnEffectOnTheActiveSession() {
        standBy(2, Cluster.NODE);
        standBy(3, Cluster.NODE);

        cluster.done(detach(0, 2));

        assertThat(server().getServer().getSessionEpoch()).isEqualTo(active);
        // C7: nothing that is under way has to do with it.
        assertThat(server().getChangedRevision()).isEqualTo(active);
        assertThat(server().getStandbysList())
                .extracting(StandbyEmulator::getStream)
                .containsExactly(3L);
    }

    @Test
    void whoTakesOverAndIsGoneMakesRoomForTheNext() {
        standBy(2, Cluster.NODE);
        standBy(3, Cluster.NODE);
        cluster.done(detach(active, 0));

        cluster.done(detach(0, 2));

        assertThat(server().getSessionStream()).isEqualTo(3);
    }

    @Test
    @DisplayName("D-27: whose turn came at a node that is drained has its session, and whoever comes there has none")
    void haveWhatBeganAtADrainedNode() {
        standBy(2, OTHER);
        cluster.done(Command.newBuilder().setDrainNode(DrainNode.newBuilder().setNode(OTHER)));
        long began = cluster.done(detach(active, 0)).getRevision();

        assertThat(cluster.done(stream(2, OTHER, true)).getExecute().getRevision())
                .isEqualTo(began);
        cluster.refused(Errno.EAGAIN, stream(3, OTHER, true));

        cluster.done(detach(began, 2));
        assertThat(server().getServer().getSessionEpoch()).isZero();
    }

    @Test
    void aRunThatComesAgainKeepsItsPlace() {
        standBy(2, Cluster.NODE);
        standBy(3, Cluster.NODE);

        Command.Builder again = stream(22, OTHER, true);
        again.getAttachEmulatorBuilder().setRun(2);
        cluster.done(again);

        assertThat(server().getStandbysList())
                .extracting(StandbyEmulator::getStream)
                .containsExactly(22L, 3L);
        cluster.done(detach(0, 2));
        assertThat(server().getStandbysList())
                .extracting(StandbyEmulator::getStream)
                .containsExactly(22L, 3L);
        assertThat(server().getServer().getSessionEpoch()).isEqualTo(active);
    }

    @Test
    void stayInLineWhenAnotherOneTakesOverByForce() {
        standBy(2, Cluster.NODE);

        long forced = cluster.done(stream(9, Cluster.NODE, false)).getRevision();

        assertThat(server().getServer().getSessionEpoch()).isEqualTo(forced);
        assertThat(server().getStandbysCount()).isEqualTo(1);
        cluster.done(detach(active, 0));
        assertThat(server().getServer().getSessionEpoch()).isEqualTo(forced);
    }

    @Test
    void takeOverFromANodeThatHasLapsedAndNotAtOne() {
        standBy(2, Cluster.NODE);
        standBy(3, OTHER);

        cluster.done(cluster.lapse(Cluster.NODE, Cluster.INCARNATION));

        assertThat(server().getSessionStream()).isEqualTo(3);
        assertThat(server().getStandbysCount()).isZero();
        assertThat(server().getHome()).isEqualTo(Cluster.life(OTHER, 5));
    }

    @Test
    void loseTheirPlacesWhenTheirNodeLapsesThoughItHasNothingElse() {
        standBy(3, OTHER);
        assertThat(cluster.registry.view().hasRolesToLose(OTHER)).isTrue();

        cluster.done(cluster.lapse(OTHER, 5));

        assertThat(server().getStandbysCount()).isZero();
        assertThat(server().getServer().getSessionEpoch()).isEqualTo(active);
        assertThat(cluster.registry.view().hasRolesToLose(OTHER)).isFalse();
    }

    @Test
    void nobodyTakesOverAServerOrADomainThatGoes() {
        standBy(2, OTHER);
        cluster.done(Cluster.destroyServer(domid, id));
        assertThat(server().getStandbysCount()).isZero();

        int another = cluster.server(domid);
        id = another;
        generation = cluster.generation(domid, another);
        cluster.done(stream(4, Cluster.NODE, false));
        standBy(5, OTHER);
        // D4
        cluster.done(cluster.end(Cluster.NODE, Cluster.INCARNATION));
        assertThat(server().getServer().getSessionEpoch()).isZero();
        assertThat(server().getStandbysCount()).isZero();
    }

    @Test
    void areAtMostSixteen() {
        for (int stream = 2; stream < 18; stream++) {
            standBy(stream, Cluster.NODE);
        }

        assertThat(cluster.refused(Errno.ENOSPC, stream(18, Cluster.NODE, true)).metadata())
                .containsEntry("limit", "16");
        standBy(17, Cluster.NODE);
        Command.Builder nameless = stream(19, Cluster.NODE, true);
        nameless.getAttachEmulatorBuilder().clearStream();
        assertThat(cluster.refused(Errno.EINVAL, nameless).metadata()).containsEntry("field", "stream");
    }

    @Test
    void aLostSessionDoesNotComeBackOverOneThatHasTakenOver() {
        standBy(2, OTHER);
        cluster.done(detach(active, 0));

        Command.Builder comesBack = stream(11, Cluster.NODE, false);
        comesBack.getAttachEmulatorBuilder().setRun(1).setResume(true);
        cluster.refused(Errno.ESTALE, comesBack);

        cluster.done(detach(0, 2));
        cluster.done(comesBack);
        assertThat(server().getServer().getRun()).isEqualTo(1);
    }

    private void standBy(long stream, String node) {
        Answer answer = cluster.done(stream(stream, node, true));
        assertThat(answer.getExecute().getStandsBy()).isTrue();
        assertThat(answer.getExecute().getRevision()).isZero();
    }

    private ServerRecord server() {
        return cluster.registry.snapshot().getServersList().stream()
                .map(io.trapline.internal.v1.RegisteredServer::getRecord)
                .filter(record -> record.getServer().getGeneration() == generation)
                .findFirst()
                .orElseThrow();
    }

    /** Stream and run have the same number. */
    private Command.Builder stream(long stream, String node, boolean standby) {
        Command.Builder command = attach(domid, id, generation, stream);
        command.getAttachEmulatorBuilder().setStream(stream).setNode(node).setStandby(standby);
        return command;
    }

    private Command.Builder detach(long session, long stream) {
        return Command.newBuilder()
                .setDetachEmulator(DetachEmulator.newBuilder()
                        .setDomid(domid)
                        .setId(id)
                        .setGeneration(generation)
                        .setSessionEpoch(session)
                        .setStream(stream));
    }
}
