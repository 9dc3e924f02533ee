package io.trapline.coordinator.registry;

import static io.trapline.coordinator.registry.Cluster.ALICE;
import static io.trapline.coordinator.registry.Cluster.BOB;
import static io.trapline.coordinator.registry.Cluster.attach;
import static io.trapline.coordinator.registry.Cluster.claim;
import static io.trapline.coordinator.registry.Cluster.createServer;
import static io.trapline.coordinator.registry.Cluster.destroyServer;
import static io.trapline.coordinator.registry.Cluster.map;
import static io.trapline.coordinator.registry.Cluster.release;
import static io.trapline.coordinator.registry.Cluster.setState;
import static io.trapline.coordinator.registry.Cluster.unmap;
import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.DrainKind;
import io.trapline.internal.v1.DrainRecord;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.v1.Bufioreq;
import io.trapline.v1.ClaimEnd;
import io.trapline.v1.CreateIoreqServerRequest;
import io.trapline.v1.IoRangeType;
import io.trapline.v1.IoreqServer;
import io.trapline.v1.IoreqServerState;
import io.trapline.v1.OnDisconnect;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("S1 – S4: the life of an IOREQ server")
final class ServersTest {
    private final Cluster cluster = Cluster.withNode();
    private int domid;

    @BeforeEach
    void createDomain() {
        domid = cluster.domain();
    }

    @Test
    void handsOutTheLowestFreeIdAndAGeneration() {
        // S1
        Answer first = cluster.done(createServer(ALICE, domid));
        Answer second = cluster.done(createServer(ALICE, domid));

        assertThat(first.getCreateIoreqServer().getId()).isZero();
        assertThat(second.getCreateIoreqServer().getId()).isEqualTo(1);
        assertThat(second.getCreateIoreqServer().getGeneration()).isEqualTo(second.getRevision());
    }

    @Test
    void frees64IdsOnlyWhenTheDestroyHasFinished() {
        // S1
        IntStream.range(0, 64).forEach(i -> assertThat(cluster.server(domid)).isEqualTo(i));
        assertThat(cluster.refused(Errno.ENOSPC, createServer(ALICE, domid)).metadata())
                .containsEntry("field", "servers")
                .containsEntry("value", "65")
                .containsEntry("limit", "64");
        long drain = cluster.done(destroyServer(domid, 17)).getDrain();

        cluster.refused(Errno.ENOSPC, createServer(ALICE, domid));
        cluster.finish(drain);

        assertThat(cluster.server(domid)).isEqualTo(17);
    }

    @Test
    void startsDisabledAndTakesTheSameStateAgain() {
        // S2
        int id = cluster.server(domid);
        assertThat(info(id).getState()).isEqualTo(IoreqServerState.IOREQ_SERVER_STATE_DISABLED);

        assertThat(cluster.done(setState(domid, id, false)).getDrain()).isZero();
        long enabled = cluster.done(setState(domid, id, true)).getRevision();
        long before = cluster.registry.view().revision();
        Answer again = cluster.done(setState(domid, id, true));

        assertThat(again.getRevision()).isEqualTo(enabled);
        assertThat(cluster.registry.view().revision()).isEqualTo(before);
        assertThat(info(id).getState()).isEqualTo(IoreqServerState.IOREQ_SERVER_STATE_ENABLED);
    }

    @Test
    void drainsWhenDisabled() {
        // F5
        int id = cluster.server(domid);
        cluster.done(setState(domid, id, true));
        Command.Builder disable = setState(domid, id, false);
        disable.getSetIoreqServerStateBuilder().setDrainMs(123);

        Answer answer = cluster.done(disable);

        DrainRecord drain = cluster.change().getDrains(0);
        assertThat(drain.getKind()).isEqualTo(DrainKind.DRAIN_KIND_DISABLE);
        assertThat(drain.getRevision()).isEqualTo(answer.getRevision()).isEqualTo(answer.getDrain());
        assertThat(drain.getDrainMs()).isEqualTo(123);
        assertThat(drain.getGeneration()).isEqualTo(cluster.generation(domid, id));
        // Disabling it again waits for the same.
        assertThat(cluster.done(setState(domid, id, false)).getDrain()).isEqualTo(answer.getDrain());
        cluster.finish(answer.getDrain());
        assertThat(cluster.done(setState(domid, id, false)).getDrain()).isZero();
    }

    @Test
    void refusesTooManyDisablesThatDrain() {
        // F5, L
        int id = cluster.server(domid);
        for (int i = 0; i < 16; i++) {
            cluster.done(setState(domid, id, true));
            cluster.done(setState(domid, id, false));
        }
        cluster.done(setState(domid, id, true));

        assertThat(cluster.refused(Errno.ENOSPC, setState(domid, id, false)).metadata())
                .containsEntry("limit", "16")
                .containsEntry("value", "17");
    }

    @ParameterizedTest
    @MethodSource("callsOfTheOwner")
    void refusesEveryoneButItsCreatorWithEperm(String call, Command.Builder command) {
        // S3
        cluster.server(domid);
        Command.Builder bobs = command.clone();
        if (bobs.hasAttachEmulator()) {
            bobs.getAttachEmulatorBuilder().setPrincipal(BOB).setGeneration(cluster.generation(domid, 0));
        } else {
            bobs.setPrincipal(BOB);
        }

        Refusal refusal = cluster.refused(Errno.EPERM, bobs);

        assertThat(refusal.metadata()).containsEntry("owner", ALICE).containsEntry("principal", BOB);
    }

    @ParameterizedTest
    @MethodSource("callsOfTheOwner")
    void refusesAnUnknownServerWithEnoentAndAnUnknownDomainWithEsrch(String call, Command.Builder command) {
        // S3: existence before ownership, the domain before the server
        cluster.refused(Errno.ENOENT, command);
        cluster.finish(cluster.done(Cluster.destroyDomain(domid)).getDrain());

        cluster.refused(Errno.ESRCH, command);
    }

    static Stream<Arguments> callsOfTheOwner() {
        return Stream.of(
                Arguments.of("destroy", destroyServer(1, 0)),
                Arguments.of("enable", setState(1, 0, true)),
                Arguments.of("disable", setState(1, 0, false)),
                Arguments.of("map", map(1, 0, IoRangeType.IO_RANGE_TYPE_PORT, 1, 2)),
                Arguments.of("unmap", unmap(1, 0, IoRangeType.IO_RANGE_TYPE_PORT, 1, 2)),
                Arguments.of("claim", claim(1, 0, 0, 1)),
                Arguments.of("release", release(1, 0, 0)),
                Arguments.of("attach", attach(1, 0, 5, 9)));
    }

    @Test
    void refusesAnotherGenerationWithEnoent() {
        // S3: same id, new server
        int id = cluster.server(domid);
        long old = cluster.generation(domid, id);
        cluster.finish(cluster.done(destroyServer(domid, id)).getDrain());
        assertThat(cluster.server(domid)).isEqualTo(id);
        Command.Builder delayed = destroyServer(domid, id);
        delayed.getDestroyIoreqServerBuilder().setGeneration(old);

        assertThat(cluster.refused(Errno.ENOENT, delayed).metadata()).containsEntry("field", "generation");
    }

    @Test
    void withdrawsEverythingAtOnceAndLeavesWhenDrained() {
        // S4
        int id = cluster.server(domid);
        cluster.done(setState(domid, id, true));
        cluster.done(map(domid, id, IoRangeType.IO_RANGE_TYPE_MEMORY, 0, 4095));
        cluster.done(claim(domid, id, 0, 3));
        cluster.done(claim(domid, id, 1, 2));
        long released = cluster.done(release(domid, id, 1)).getDrain();

        long drain = cluster.done(destroyServer(domid, id)).getDrain();

        assertThat(info(id).getState()).isEqualTo(IoreqServerState.IOREQ_SERVER_STATE_DESTROYING);
        assertThat(info(id).getRangesList()).isEmpty();
        assertThat(info(id).getClaimsList())
                .hasSize(2)
                .allMatch(claim -> claim.getState() == io.trapline.v1.ClaimState.CLAIM_STATE_RELEASING);
        cluster.refused(Errno.ENOENT, setState(domid, id, true));
        cluster.refused(Errno.EBUSY, claim(domid, cluster.server(domid), 0, 1));

        cluster.finish(drain);

        assertThat(cluster.change().getRemovedServersList()).hasSize(1);
        assertThat(cluster.change().getEndedDrainsList()).containsExactlyInAnyOrder(drain, released);
        assertThat(cluster.change().getClaimsList())
                .extracting(io.trapline.v1.Claim::getEnd)
                .containsExactly(ClaimEnd.CLAIM_END_SERVER_DESTROYED, ClaimEnd.CLAIM_END_RELEASED);
        cluster.done(claim(domid, 1, 0, 1));
    }

    @Test
    void joinsADestructionThatIsUnderWay() {
        int id = cluster.server(domid);
        Answer first = cluster.done(destroyServer(domid, id));

        assertThat(cluster.done(destroyServer(domid, id))).isEqualTo(first);
    }

    @ParameterizedTest
    @EnumSource(
            value = Bufioreq.class,
            names = {"BUFIOREQ_OFF", "BUFIOREQ_LEGACY", "BUFIOREQ_ATOMIC"})
    void takesXensThreeKindsOfBuffering(Bufioreq bufioreq) {
        // S1
        Command.Builder command = createServer(ALICE, domid);
        command.getCreateIoreqServerBuilder().setBufioreq(bufioreq);

        int id = cluster.done(command).getCreateIoreqServer().getId();

        assertThat(info(id).getBufioreq()).isEqualTo(bufioreq);
    }

    @ParameterizedTest
    @MethodSource("wrongShapes")
    void refusesWrongShapesNamingFieldAndValue(
            String field, String value, Consumer<CreateIoreqServerRequest.Builder> wrong) {
        Command.Builder command = createServer(ALICE, domid);
        wrong.accept(command.getCreateIoreqServerBuilder());

        assertThat(cluster.refused(Errno.EINVAL, command).metadata())
                .containsEntry("field", field)
                .containsEntry("value", value);
    }

    static Stream<Arguments> wrongShapes() {
        return Stream.of(
                wrong("bufioreq", "4", q -> q.setBufioreqValue(4)),
                wrong("on_disconnect", "8", q -> q.setOnDisconnectValue(8)),
                wrong("grace_ms", "5", q -> q.setGraceMs(5)),
                wrong("grace_ms", "0", q -> q.setOnDisconnect(OnDisconnect.ON_DISCONNECT_RELEASE)),
                wrong(
                        "grace_ms",
                        "3600001",
                        q -> q.setOnDisconnect(OnDisconnect.ON_DISCONNECT_RELEASE)
                                .setGraceMs(3_600_001)),
                wrong(
                        "grace_ms",
                        "4294967295",
                        q -> q.setOnDisconnect(OnDisconnect.ON_DISCONNECT_RELEASE)
                                .setGraceMs(-1)),
                wrong("timeout_ms", "3600001", q -> q.setTimeoutMs(3_600_001)),
                wrong("timeout_ms", "4294967295", q -> q.setTimeoutMs(-1)));
    }

    private static Arguments wrong(String field, String value, Consumer<CreateIoreqServerRequest.Builder> wrong) {
        return Arguments.of(field, value, wrong);
    }

    @Test
    void keepsWhatHappensWithoutAnEmulator() {
        // C6
        Command.Builder command = createServer(ALICE, domid);
        command.getCreateIoreqServerBuilder()
                .setOnDisconnect(OnDisconnect.ON_DISCONNECT_RELEASE)
                .setGraceMs(3_600_000);

        IoreqServer releases = info(cluster.done(command).getCreateIoreqServer().getId());
        IoreqServer holds = info(cluster.server(domid));

        assertThat(releases.getOnDisconnect()).isEqualTo(OnDisconnect.ON_DISCONNECT_RELEASE);
        assertThat(releases.getGraceMs()).isEqualTo(3_600_000);
        assertThat(holds.getOnDisconnect()).isEqualTo(OnDisconnect.ON_DISCONNECT_HOLD);
        assertThat(holds.getGraceMs()).isZero();
    }

    @Test
    void keepsATimeoutOfZeroApartFromNone() {
        // F4
        Command.Builder forEver = createServer(ALICE, domid);
        forEver.getCreateIoreqServerBuilder().setTimeoutMs(0);

        assertThat(info(cluster.done(forEver).getCreateIoreqServer().getId()).getTimeoutMs())
                .isZero();
        assertThat(info(cluster.server(domid)).getTimeoutMs()).isEqualTo(5_000);
    }

    @Test
    void refusesADrainThatIsTooLong() {
        int id = cluster.server(domid);
        Command.Builder command = destroyServer(domid, id);
        command.getDestroyIoreqServerBuilder().setDrainMs(60_001);

        assertThat(cluster.refused(Errno.EINVAL, command).metadata())
                .containsEntry("field", "drain_ms")
                .containsEntry("limit", "60000");
    }

    private IoreqServer info(int id) {
        return switch (cluster.registry.view().server(domid, 0, id, 0)) {
            case Reading.Found<IoreqServer> found -> found.value();
            case Reading.Refused<IoreqServer> refused ->
                throw new AssertionError(refused.refusal().message());
        };
    }
}
