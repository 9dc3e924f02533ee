package io.trapline.coordinator.registry;

import static io.trapline.coordinator.registry.Cluster.ALICE;
import static io.trapline.coordinator.registry.Cluster.BOB;
import static io.trapline.coordinator.registry.Cluster.claim;
import static io.trapline.coordinator.registry.Cluster.createServer;
import static io.trapline.coordinator.registry.Cluster.release;
import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.DrainKind;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.v1.Claim;
import io.trapline.v1.ClaimEnd;
import io.trapline.v1.ClaimState;
import io.trapline.v1.MemType;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("C1 – C5, C7, C8: claims")
final class ClaimsTest {
    private final Cluster cluster = Cluster.withNode();
    private int domid;
    private int first;
    private int second;

    @BeforeEach
    void createServers() {
        domid = cluster.domain();
        first = cluster.server(domid);
        second = cluster.done(createServer(BOB, domid)).getCreateIoreqServer().getId();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void takesReadsWritesAndBoth(int flags) {
        // C1
        Answer answer = cluster.done(claim(domid, first, 0, flags));

        Claim claim = standing().getFirst();
        assertThat(claim.getFlags()).isEqualTo(flags);
        assertThat(claim.getState()).isEqualTo(ClaimState.CLAIM_STATE_HELD);
        assertThat(claim.getPrincipal()).isEqualTo(ALICE);
        assertThat(claim.getGeneration()).isEqualTo(cluster.generation(domid, first));
        // C7
        assertThat(claim.getEpoch())
                .isEqualTo(answer.getRevision())
                .isEqualTo(answer.getMapMemType().getEpoch());
        assertThat(cluster.change().getClaimsList()).containsExactly(claim);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 15, 32, 99, -1})
    void refusesTypesThatCannotBeClaimed(int type) {
        // C1
        Command.Builder command = claim(domid, first, 0, 1);
        command.getMapMemTypeBuilder().setTypeValue(type);

        assertThat(cluster.refused(Errno.EINVAL, command).metadata()).containsEntry("field", "type");
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 5, 7, 8, -1})
    void refusesUnknownFlags(int flags) {
        // C1
        assertThat(cluster.refused(Errno.EINVAL, claim(domid, first, 0, flags)).metadata())
                .containsEntry("field", "flags")
                .containsEntry("value", Integer.toUnsignedString(flags));
    }

    @Test
    void refusesSecondClaimWithEbusyNamingTheHolder() {
        // C2
        long epoch = cluster.done(claim(domid, first, 4, 2)).getRevision();

        Refusal refusal =
                cluster.refused(Errno.EBUSY, claim(domid, second, 4, 1).setPrincipal(BOB));

        assertThat(refusal.metadata())
                .containsEntry("holder", String.valueOf(first))
                .containsEntry("holder_generation", String.valueOf(cluster.generation(domid, first)))
                .containsEntry("holder_principal", ALICE)
                .containsEntry("holder_epoch", String.valueOf(epoch))
                .containsEntry("type", "ioreq_server[4]");
    }

    @Test
    void refusesAClaimByTheHolderItself() {
        // C2
        cluster.done(claim(domid, first, 0, 2));

        cluster.refused(Errno.EBUSY, claim(domid, first, 0, 2));
        cluster.refused(Errno.EBUSY, claim(domid, first, 0, 3));
    }

    @Test
    void givesTypesToDifferentHoldersAndSeveralToOne() {
        // C3
        cluster.done(claim(domid, first, 0, 2));
        cluster.done(claim(domid, second, 1, 1).setPrincipal(BOB));
        cluster.done(claim(domid, first, 15, 3));

        assertThat(standing()).extracting(Claim::getId).containsExactly(first, second, first);
    }

    @Test
    void keepsDomainsApart() {
        // C2
        int other = cluster.domain();
        int server = cluster.server(other);
        cluster.done(claim(domid, first, 0, 2));

        cluster.done(claim(other, server, 0, 2));
    }

    @Test
    void releasesInTwoSteps() {
        // C5
        long epoch = cluster.done(claim(domid, first, 0, 2)).getRevision();
        Command.Builder command = release(domid, first, 0);
        command.getMapMemTypeBuilder().setReset(true).setDrainMs(7);

        Answer answer = cluster.done(command);

        // C4: the answer carries the release's revision
        assertThat(answer.getMapMemType().getRevision()).isEqualTo(answer.getRevision());
        assertThat(answer.getMapMemType().getEpoch()).isEqualTo(epoch);
        DrainRecord drain = cluster.change().getDrains(0);
        assertThat(drain.getKind()).isEqualTo(DrainKind.DRAIN_KIND_RELEASE);
        assertThat(drain.getType()).isEqualTo(MemType.MEM_TYPE_IOREQ_SERVER_0);
        assertThat(drain.getReset()).isTrue();
        assertThat(drain.getDrainMs()).isEqualTo(7);
        assertThat(standing().getFirst().getState()).isEqualTo(ClaimState.CLAIM_STATE_RELEASING);
        assertThat(cluster.refused(Errno.EBUSY, claim(domid, second, 0, 1).setPrincipal(BOB))
                        .metadata())
                .containsEntry("holder", String.valueOf(first))
                .containsEntry("state", "RELEASING");
        cluster.refused(Errno.EBUSY, claim(domid, first, 0, 1));
        cluster.refused(Errno.EINVAL, release(domid, first, 0));

        long ended = cluster.finish(answer.getDrain());

        assertThat(standing()).isEmpty();
        assertThat(cluster.change().getClaims(0).getState()).isEqualTo(ClaimState.CLAIM_STATE_FREE);
        assertThat(cluster.change().getClaims(0).getEndedRevision()).isEqualTo(ended);
        cluster.done(claim(domid, second, 0, 1).setPrincipal(BOB));
    }

    @Test
    void drainsFiveSecondsUnlessTold() {
        // F5
        cluster.done(claim(domid, first, 0, 2));
        cluster.done(release(domid, first, 0));

        assertThat(cluster.change().getDrains(0).getDrainMs()).isEqualTo(5_000);
    }

    @Test
    void refusesToReleaseWhatTheServerDoesNotHold() {
        // C5
        cluster.refused(Errno.EINVAL, release(domid, first, 0));
        cluster.done(claim(domid, first, 0, 2));

        assertThat(cluster.refused(Errno.EINVAL, release(domid, second, 0).setPrincipal(BOB))
                        .metadata())
                .containsEntry("holder", String.valueOf(first));
        cluster.refused(Errno.EINVAL, release(domid, first, 1));
    }

    @Test
    void refusesToResetWithoutReleasing() {
        Command.Builder command = claim(domid, first, 0, 1);
        command.getMapMemTypeBuilder().setReset(true);

        assertThat(cluster.refused(Errno.EINVAL, command).metadata()).containsEntry("field", "reset");
    }

    @Test
    void outlivesTheEmulatorsSession() {
        // C6
        cluster.done(claim(domid, first, 0, 2));
        long generation = cluster.generation(domid, first);
        long session = cluster.done(Cluster.attach(domid, first, generation, 5)).getRevision();

        cluster.done(Command.newBuilder()
                .setDetachEmulator(io.trapline.internal.v1.DetachEmulator.newBuilder()
                        .setDomid(domid)
                        .setId(first)
                        .setSessionEpoch(session)));

        assertThat(standing()).hasSize(1);
    }

    @Test
    void listsWhatEndedOldestFirst() {
        // C8
        for (int i = 0; i < 5; i++) {
            cluster.done(claim(domid, first, i, 1));
            cluster.finish(cluster.done(release(domid, first, i)).getDrain());
        }

        List<Claim> history = history(0, 0, 1000);
        assertThat(history).extracting(Claim::getTypeValue).containsExactly(16, 17, 18, 19, 20);
        assertThat(history)
                .allMatch(claim -> claim.getEnd() == ClaimEnd.CLAIM_END_RELEASED
                        && claim.getState() == ClaimState.CLAIM_STATE_FREE
                        && claim.getEndedRevision() > claim.getEpoch());
        assertThat(history).isSortedAccordingTo(java.util.Comparator.comparingLong(Claim::getEndedRevision));
        Claim third = history.get(2);
        assertThat(history(third.getEndedRevision(), third.getTypeValue(), 1)).containsExactly(history.get(3));
    }

    @Test
    void keepsTheNewest4096EndedClaims() {
        // C8, L
        LongStream.range(0, 4_100).forEach(i -> {
            cluster.done(claim(domid, first, 0, 1));
            cluster.finish(cluster.done(release(domid, first, 0)).getDrain());
        });

        List<Claim> history = history(0, 0, 10_000);
        assertThat(history).hasSize(4_096);
        assertThat(history.getLast().getEndedRevision())
                .isEqualTo(cluster.registry.view().revision());
    }

    private List<Claim> standing() {
        return found(cluster.registry.view().claims(domid, 0, 0, 0, 100));
    }

    private List<Claim> history(long afterRevision, int afterType, int most) {
        return found(cluster.registry.view().history(domid, 0, afterRevision, afterType, most));
    }

    private static <T> T found(Reading<T> reading) {
        return switch (reading) {
            case Reading.Found<T> found -> found.value();
            case Reading.Refused<T> refused ->
                throw new AssertionError(refused.refusal().message());
        };
    }
}
