package io.trapline.coordinator.registry;

import static io.trapline.coordinator.registry.Cluster.ALICE;
import static io.trapline.coordinator.registry.Cluster.attach;
import static io.trapline.coordinator.registry.Cluster.claim;
import static io.trapline.coordinator.registry.Cluster.createServer;
import static io.trapline.coordinator.registry.Cluster.destroyServer;
import static io.trapline.coordinator.registry.Cluster.release;
import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.DetachEmulator;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.internal.v1.ReleaseUnattended;
import io.trapline.model.Errno;
import io.trapline.v1.Claim;
import io.trapline.v1.ClaimEnd;
import io.trapline.v1.ClaimState;
import io.trapline.v1.OnDisconnect;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("C6: on_disconnect = RELEASE")
final class UnattendedTest {
    private final Cluster cluster = Cluster.withNode();
    private int domid;
    private int id;
    private long generation;

    @BeforeEach
    void createServers() {
        domid = cluster.domain();
        Command.Builder command = createServer(ALICE, domid);
        command.getCreateIoreqServerBuilder()
                .setOnDisconnect(OnDisconnect.ON_DISCONNECT_RELEASE)
                .setGraceMs(250);
        id = cluster.done(command).getCreateIoreqServer().getId();
        generation = cluster.generation(domid, id);
    }

    @Test
    void areTheClaimsOfServersThatReleaseAndHaveNoEmulator() {
        int holds = cluster.server(domid);
        cluster.done(claim(domid, holds, 5, 3));
        cluster.done(claim(domid, id, 0, 3));
        cluster.done(claim(domid, id, 2, 1));

        assertThat(unattended()).extracting(claim -> claim.type().getNumber()).containsExactly(16, 18);
        assertThat(unattended()).allMatch(claim -> claim.graceMillis() == 250 && claim.since() == 0);

        long session = cluster.done(attach(domid, id, generation, 11)).getRevision();
        assertThat(unattended()).isEmpty();

        long ended = cluster.done(detach(session)).getRevision();
        assertThat(unattended()).hasSize(2).allMatch(claim -> claim.since() == ended);

        cluster.done(release(domid, id, 0));
        assertThat(unattended()).hasSize(1);
        cluster.done(destroyServer(domid, id));
        assertThat(unattended()).isEmpty();
    }

    @Test
    void isReleasedInTwoStepsWithoutWaitingForAnswers() {
        cluster.done(claim(domid, id, 0, 3));
        UnattendedClaim over = unattended().getFirst();

        long drain = cluster.done(releaseUnattended(over)).getDrain();

        DrainRecord begun = cluster.change().getDrains(0);
        assertThat(begun.getRevision()).isEqualTo(drain);
        assertThat(begun.getDrainMs()).isZero();
        assertThat(begun.getReset()).isFalse();
        assertThat(cluster.change().getClaims(0).getState()).isEqualTo(ClaimState.CLAIM_STATE_RELEASING);
        int other = cluster.server(domid);
        // C5
        cluster.refused(Errno.EBUSY, claim(domid, other, 0, 1));

        cluster.finish(drain);

        Claim ended = cluster.change().getClaims(0);
        assertThat(ended.getState()).isEqualTo(ClaimState.CLAIM_STATE_FREE);
        // C8
        assertThat(ended.getEnd()).isEqualTo(ClaimEnd.CLAIM_END_DISCONNECTED);
        cluster.done(claim(domid, other, 0, 1));
    }

    @Test
    void standsWhereAnEmulatorHasComeSinceOrTheClaimIsAnother() {
        cluster.done(claim(domid, id, 0, 3));
        UnattendedClaim before = unattended().getFirst();
        long session = cluster.done(attach(domid, id, generation, 11)).getRevision();
        nothingComesOf(before);
        cluster.done(detach(session));
        nothingComesOf(before);

        UnattendedClaim since = unattended().getFirst();
        cluster.finish(cluster.done(release(domid, id, 0)).getDrain());
        nothingComesOf(since);
        cluster.done(claim(domid, id, 0, 3));
        nothingComesOf(since);
        cluster.done(releaseUnattended(unattended().getFirst()));
    }

    @Test
    void isReleasedByTheLeadershipThatSawItOnly() {
        cluster.done(claim(domid, id, 0, 3));
        Command.Builder earlier = releaseUnattended(unattended().getFirst());
        cluster.beginLeadership();

        assertThat(Answers.leadershipIsOver(cluster.apply(earlier))).isTrue();
        assertThat(unattended()).hasSize(1);
    }

    @Test
    void hasEndedSoThoughItsServerIsDestroyedMeanwhile() {
        // C8
        cluster.done(claim(domid, id, 0, 3));
        cluster.done(claim(domid, id, 1, 3));
        cluster.done(releaseUnattended(unattended().getFirst()));

        cluster.finish(cluster.done(destroyServer(domid, id)).getDrain());

        assertThat(cluster.change().getClaimsList())
                .extracting(Claim::getEnd)
                .containsExactly(ClaimEnd.CLAIM_END_DISCONNECTED, ClaimEnd.CLAIM_END_SERVER_DESTROYED);
    }

    @Test
    void isNoneOfADomainThatHasLostItsMemory() {
        // D4
        cluster.done(claim(domid, id, 0, 3));
        cluster.done(cluster.end(Cluster.NODE, Cluster.INCARNATION));

        assertThat(unattended()).isEmpty();
    }

    private void nothingComesOf(UnattendedClaim claim) {
        Command.Builder command = releaseUnattended(claim);
        long before = cluster.registry.view().revision();
        cluster.done(command);
        assertThat(cluster.registry.view().revision()).isEqualTo(before);
    }

    private List<UnattendedClaim> unattended() {
        return cluster.registry.view().unattended();
    }

    private Command.Builder releaseUnattended(UnattendedClaim claim) {
        long leadership = cluster.leadership();
        return Command.newBuilder()
                .setReleaseUnattended(ReleaseUnattended.newBuilder()
                        .setDomid(claim.domid())
                        .setType(claim.type())
                        .setEpoch(claim.epoch())
                        .setUnattendedSince(claim.since()))
                .setLeadership(leadership);
    }

    private Command.Builder detach(long session) {
        return Command.newBuilder()
                .setDetachEmulator(DetachEmulator.newBuilder()
                        .setDomid(domid)
                        .setId(id)
                        .setGeneration(generation)
                        .setSessionEpoch(session));
    }
}
