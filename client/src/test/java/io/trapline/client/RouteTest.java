package io.trapline.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.Server;
import io.trapline.model.Errno;
import io.trapline.model.Gpa;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("What concerns a domain's pages goes to the node that a refusal names (A5)")
@Timeout(60)
class RouteTest {
    private static final DomainRef DOMAIN = DomainRef.of(5);
    private static final ServerRef SERVER = ServerRef.of(DOMAIN, 0);
    private static final byte[] BYTES = {1, 2, 3};

    private final FakeTrapline trapline = new FakeTrapline();
    private final TraplineConnection connection =
            trapline.connection("one:1,two:2").timeout(Duration.ofSeconds(20)).build();

    private static final class Silent implements DeviceModel {
        @Override
        public long read(Ioreq ioreq) {
            return 0;
        }

        @Override
        public void write(Ioreq ioreq) {}
    }

    @BeforeEach
    void serve() {
        trapline.serve("one:1");
        trapline.serve("two:2");
        trapline.serve("three:3");
    }

    @AfterEach
    void close() {
        connection.close();
        trapline.close();
        assertThat(trapline.guests.faults()).isEmpty();
    }

    private long callsAt(String address) {
        return trapline.calls.stream().filter(address::equals).count();
    }

    @Test
    void aMemoryCallFollowsItAndTheNextGoesThereAtOnce() {
        trapline.home = "three:3";

        connection.memory().write(DOMAIN, new Gpa(0x1000), BYTES);
        trapline.calls.clear();

        assertThat(connection.memory().read(DOMAIN, new Gpa(0x1000), 3)).containsExactly(BYTES);
        assertThat(trapline.calls).containsExactly("three:3");
    }

    @Test
    void controlCallsStayWhereTheyAre() {
        trapline.home = "three:3";
        connection.memory().read(DOMAIN, new Gpa(0), 1);
        trapline.calls.clear();

        connection.domains().list();

        assertThat(trapline.calls).containsExactly("one:1");
    }

    @Test
    void aGuestGoesOnThere() {
        trapline.home = "three:3";
        try (Guest guest = connection.guest(DOMAIN)) {
            Vcpu vcpu = guest.openVcpu(0, 1);
            vcpu.write(new Gpa(0x1000), 8, 42);
            assertThat(callsAt("three:3")).isEqualTo(1);

            // And when the domain's node is another one: with its token, so that nothing is carried out twice.
            trapline.home = "two:2";
            trapline.guests.cut();
            assertThat(vcpu.read(new Gpa(0x1000), 8)).isEqualTo(42);
            assertThat(callsAt("two:2")).isEqualTo(1);
        }
    }

    @Test
    void aGuestWhoseOpenIsRefusedTakesItsStreamThere() {
        trapline.guests.refuseOpenWithRoute("three:3");
        try (Guest guest = connection.guest(DOMAIN)) {
            Vcpu vcpu = guest.openVcpu(0, 1);
            vcpu.write(new Gpa(0x1000), 8, 42);
            assertThat(trapline.calls).containsExactly("one:1", "three:3");
        }
    }

    @Test
    void anEmulatorAttachesThere() {
        trapline.home = "three:3";
        try (Emulator emulator = connection.attach(SERVER, new Silent())) {
            assertThat(emulator.isAttached()).isTrue();
            trapline.home = "two:2";
            trapline.emulators.cut();
            await().untilAsserted(() -> assertThat(callsAt("two:2")).isPositive());
            await().until(emulator::isAttached);
        }
    }

    @Test
    void aRouteToANodeThatIsGoneIsForgotten() {
        Server named = trapline.serve("four:4");
        trapline.home = "four:4";
        connection.memory().write(DOMAIN, new Gpa(0x1000), BYTES);
        named.shutdownNow();
        trapline.home = "two:2";

        assertThat(connection.memory().read(DOMAIN, new Gpa(0x1000), 3)).containsExactly(BYTES);
    }

    @Test
    void aRouteThatLeadsNowhereIsGivenUpAsRefused() {
        trapline.home = "nobody:9";
        try (TraplineConnection impatient = trapline.connection("one:1,two:2")
                .timeout(Duration.ofMillis(300))
                .build()) {
            assertThatThrownBy(() -> impatient.memory().read(DOMAIN, new Gpa(0), 1))
                    .isInstanceOfSatisfying(
                            TraplineException.class,
                            refused -> assertThat(refused.is(Errno.EAGAIN) || refused.isUnreachable())
                                    .isTrue());
        }
    }

    @Test
    void whatIsNoAddressIsNoRoute() {
        trapline.home = "three";
        try (TraplineConnection impatient = trapline.connection("one:1,two:2")
                .timeout(Duration.ofMillis(300))
                .build()) {
            assertThatThrownBy(() -> impatient.memory().read(DOMAIN, new Gpa(0), 1))
                    .isInstanceOfSatisfying(
                            TraplineException.class,
                            refused -> assertThat(refused.is(Errno.EAGAIN) || refused.isUnreachable())
                                    .isTrue());
        }
    }
}
