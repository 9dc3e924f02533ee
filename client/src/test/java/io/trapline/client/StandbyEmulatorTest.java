package io.trapline.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.v1.AttachMode;
import io.trapline.v1.AttachServer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("S5: an emulator that stands by")
@Timeout(120)
class StandbyEmulatorTest {
    private static final ServerRef SERVER = ServerRef.of(DomainRef.of(5), 0);

    private final FakeTrapline trapline = new FakeTrapline();
    private final TraplineConnection connection =
            trapline.connection("one:1").timeout(Duration.ofSeconds(20)).build();
    private Emulator emulator;

    /** Answers zeros. */
    private static final class Zeros implements DeviceModel {
        @Override
        public long read(Ioreq ioreq) {
            return 0;
        }

        @Override
        public void write(Ioreq ioreq) {}
    }

    @BeforeEach
    void standBy() {
        trapline.serve("one:1");
        trapline.emulators.standBy(true);
        emulator = connection.attach(
                SERVER, new Zeros(), EmulatorOptions.defaults().asStandby());
    }

    @AfterEach
    void close() {
        connection.close();
        trapline.close();
    }

    private AttachServer last() {
        List<AttachServer> all = trapline.emulators.attaches();
        return all.get(all.size() - 1);
    }

    @Test
    void waitsUntilItTakesOver() throws Exception {
        assertThat(emulator.isStandingBy()).isTrue();
        assertThat(emulator.isAttached()).isFalse();
        assertThat(emulator.active()).isNotDone();
        assertThat(last().getMode()).isEqualTo(AttachMode.ATTACH_MODE_STANDBY);
        assertThat(last().getResume()).isFalse();

        trapline.emulators.takeOver();

        assertThat(emulator.active().get(60, TimeUnit.SECONDS)).isEqualTo(emulator.sessionEpoch());
        assertThat(emulator.isAttached()).isTrue();
        assertThat(emulator.isStandingBy()).isFalse();
    }

    @Test
    void standsByAgainWhereItsConnectionIsLostMeanwhile() {
        long run = last().getRun();

        trapline.emulators.cutWaiting();

        await().until(() -> trapline.emulators.hasWaiting() && emulator.isStandingBy());
        assertThat(last().getMode()).isEqualTo(AttachMode.ATTACH_MODE_STANDBY);
        assertThat(last().getRun()).isEqualTo(run);
    }

    @Test
    void goesOnWithItsSessionOnceItHasHadOne() {
        trapline.emulators.takeOver();
        await().until(emulator::isAttached);
        trapline.emulators.standBy(false);

        trapline.emulators.cut();

        await().until(() -> trapline.emulators.isAttached());
        assertThat(last().getMode()).isEqualTo(AttachMode.ATTACH_MODE_ACTIVE);
        assertThat(last().getResume()).isTrue();
    }

    @Test
    void doesNotComeBackOverOneThatHasTakenOver() throws Exception {
        trapline.emulators.takeOver();
        await().until(emulator::isAttached);
        trapline.emulators.refuse(Refusal.of(Errno.ESTALE, "a newer session is active"), 1);

        trapline.emulators.cut();

        assertThat(emulator.ended().get(60, TimeUnit.SECONDS).kind()).isEqualTo(EmulatorEnd.Kind.FENCED);
    }
}
