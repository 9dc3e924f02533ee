package io.trapline.node.ioreq;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.internal.v1.ExecuteRequest;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.protocol.EmulatorLine;
import io.trapline.rpc.Statuses;
import io.trapline.v1.AttachMode;
import io.trapline.v1.AttachRequest;
import io.trapline.v1.AttachResponse;
import io.trapline.v1.AttachServer;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("S5: streams that stand by")
final class StandbyStreamTest {
    private static final ActorTestKit KIT = ActorTestKit.create();
    private static final long RUN = 77;

    private final EmulatorWorld world = new EmulatorWorld(KIT);

    @AfterEach
    void closeWorld() {
        world.close();
    }

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    @Test
    void isAttachedOnceTheRegistrySaysSo() {
        EmulatorWorld.Emulator active = attach(AttachMode.ATTACH_MODE_ACTIVE, 1);
        active.response();
        EmulatorWorld.Emulator waits = attach(AttachMode.ATTACH_MODE_STANDBY, RUN);
        assertThat(waits.response().hasStandingBy()).isTrue();
        // Changes of the domain that have nothing to do with it.
        world.put(false, 0, world.registry.line);

        world.registry.takeOver();

        AttachResponse attached = waits.response();
        assertThat(attached.getAttached().getSessionEpoch())
                .isEqualTo(world.registry.session)
                .isPositive();
        // The earlier one is fenced.
        assertThat(errno(active)).isEqualTo(Errno.ESTALE);
    }

    @Test
    void leavesTheLineWhenItsConnectionGoes() {
        attach(AttachMode.ATTACH_MODE_ACTIVE, 1).response();
        EmulatorWorld.Emulator waits = attach(AttachMode.ATTACH_MODE_STANDBY, RUN);
        waits.response();
        long stream = world.registry.line.waiting().getFirst().stream();

        waits.requests.onError(new IllegalStateException("gone"));

        Awaitility.await().until(() -> detached(stream));
    }

    @Test
    void leavesWhenTheEmulatorEndsIt() {
        attach(AttachMode.ATTACH_MODE_ACTIVE, 1).response();
        EmulatorWorld.Emulator waits = attach(AttachMode.ATTACH_MODE_STANDBY, RUN);
        waits.response();
        long stream = world.registry.line.waiting().getFirst().stream();

        waits.requests.onCompleted();

        assertThat(waits.next()).isEqualTo("completed");
        Awaitility.await().until(() -> detached(stream));
    }

    @Test
    void attachesAgainWhenItsPlaceIsLost() {
        attach(AttachMode.ATTACH_MODE_ACTIVE, 1).response();
        EmulatorWorld.Emulator waits = attach(AttachMode.ATTACH_MODE_STANDBY, RUN);
        waits.response();

        world.put(false, 0, new EmulatorLine(world.registry.stream, List.of()));

        assertThat(errno(waits)).isEqualTo(Errno.EAGAIN);
    }

    @Test
    void isFencedWhereItsRunStandsByElsewhere() {
        attach(AttachMode.ATTACH_MODE_ACTIVE, 1).response();
        EmulatorWorld.Emulator waits = attach(AttachMode.ATTACH_MODE_STANDBY, RUN);
        waits.response();

        world.put(false, 0, new EmulatorLine(world.registry.stream, List.of(new EmulatorLine.Waiting(5, RUN))));

        assertThat(errno(waits)).isEqualTo(Errno.ESTALE);
    }

    @Test
    @DisplayName("D-27: waits elsewhere when its node is drained")
    void leavesANodeThatIsDrained() {
        attach(AttachMode.ATTACH_MODE_ACTIVE, 1).response();
        EmulatorWorld.Emulator waits = attach(AttachMode.ATTACH_MODE_STANDBY, RUN);
        waits.response();
        long stream = world.registry.line.waiting().getFirst().stream();

        world.directory.leave(Optional.of(Refusal.of(Errno.EAGAIN, "drained")));

        assertThat(errno(waits)).isEqualTo(Errno.EAGAIN);
        Awaitility.await().until(() -> detached(stream));
    }

    @Test
    void endsWithItsDomainsMemory() {
        // D4
        attach(AttachMode.ATTACH_MODE_ACTIVE, 1).response();
        EmulatorWorld.Emulator waits = attach(AttachMode.ATTACH_MODE_STANDBY, RUN);
        waits.response();

        world.put(true, 0, world.registry.line);

        assertThat(errno(waits)).isEqualTo(Errno.EIO);
    }

    private boolean detached(long stream) {
        return world.registry.asked.stream()
                .filter(ExecuteRequest::hasDetachEmulator)
                .anyMatch(asked -> asked.getDetachEmulator().getStream() == stream
                        && asked.getDetachEmulator().getSessionEpoch() == 0);
    }

    private static Errno errno(EmulatorWorld.Emulator emulator) {
        Object next = emulator.next();
        return Statuses.fromThrowable((Throwable) next).map(Refusal::errno).orElseThrow();
    }

    private EmulatorWorld.Emulator attach(AttachMode mode, long run) {
        EmulatorWorld.Emulator emulator = world.emulator();
        emulator.requests.onNext(AttachRequest.newBuilder()
                .setAttach(AttachServer.newBuilder()
                        .setDomid(EmulatorWorld.DOMID)
                        .setId(ServerScene.ID)
                        .setGeneration(ServerScene.GENERATION)
                        .setRun(run)
                        .setMode(mode)
                        .setCredit(10))
                .build());
        return emulator;
    }
}
