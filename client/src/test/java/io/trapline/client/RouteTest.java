package io.trapline.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Server;
import io.trapline.model.Gpa;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A guest goes on at the node that has its domain's pages (the guest's procedure, step 9)")
@Timeout(120)
class RouteTest {
    private static final DomainRef DOMAIN = DomainRef.of(5);
    private static final byte[] BYTES = {1, 2, 3};
    private static final Gpa PAGE = new Gpa(0x1000);

    private final FakeTrapline trapline = new FakeTrapline();
    private final TraplineConnection connection =
            trapline.connection("one:1,two:2").timeout(Duration.ofSeconds(20)).build();
    private final Server one = trapline.serve("one:1");
    private final Server three = trapline.serve("three:3");

    RouteTest() {
        trapline.serve("two:2");
    }

    @AfterEach
    void close() {
        connection.close();
        trapline.close();
        assertThat(trapline.guests.faults()).isEmpty();
    }

    private void awaitCallAt(String address) {
        await().until(() -> trapline.calls.contains(address));
    }

    @Test
    void itHasLostNothing() {
        trapline.guests.home("three:3");
        try (Guest guest = connection.guest(DOMAIN)) {
            Vcpu vcpu = guest.openVcpu(0, 1);
            long epoch = vcpu.epoch();
            awaitCallAt("three:3");
            vcpu.write(PAGE, 8, 42);

            assertThat(vcpu.read(PAGE, 8)).isEqualTo(42);
            assertThat(trapline.calls).containsExactly("one:1", "three:3");
            assertThat(vcpu.epoch()).isEqualTo(epoch);
            assertThat(guest.resumptions()).isZero();
        }
    }

    @Test
    void itGoesOnWhereThePagesHaveMoved() {
        try (Guest guest = connection.guest(DOMAIN)) {
            Vcpu vcpu = guest.openVcpu(0, 1);
            vcpu.write(PAGE, 8, 42);
            trapline.guests.move("nobody:9");
            trapline.guests.move("three:3");
            awaitCallAt("three:3");

            assertThat(vcpu.read(PAGE, 8)).isEqualTo(42);
            assertThat(trapline.calls).containsExactly("one:1", "three:3");
            assertThat(guest.resumptions()).isZero();
        }
    }

    @Test
    void whatHasNoAnswerIsSentAgainThere() throws Exception {
        try (Guest guest = connection.guest(DOMAIN)) {
            Vcpu first = guest.openVcpu(0, 2);
            trapline.guests.hold();
            CompletableFuture<Long> written = first.writeAsync(PAGE, 8, 42);
            await().until(() -> trapline.guests.writes() == 1);
            trapline.guests.home("three:3");
            guest.openVcpu(1, 2);
            awaitCallAt("three:3");
            await().until(() -> trapline.guests.resentRows() == 1);
            trapline.guests.release();

            assertThat(written.get()).isZero();
            assertThat(trapline.guests.writes()).isEqualTo(1);
        }
    }

    @Test
    void memoryCallsGoWhereTheGuestIsAndControlCallsStay() {
        trapline.guests.home("three:3");
        try (Guest guest = connection.guest(DOMAIN)) {
            guest.openVcpu(0, 1);
            awaitCallAt("three:3");
            connection.memory().write(DOMAIN, PAGE, BYTES);
            trapline.calls.clear();

            // The connection's session may be renewed meanwhile, at the first node.
            assertThat(connection.memory().read(DOMAIN, PAGE, 3)).containsExactly(BYTES);
            assertThat(trapline.calls).contains("three:3");
            trapline.calls.clear();

            connection.domains().list();
            assertThat(trapline.calls).doesNotContain("three:3");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"nobody:9", "three", "one:1"})
    void whereThatCannotBeReachedItStays(String home) {
        trapline.guests.home(home);
        try (Guest guest = connection.guest(DOMAIN)) {
            Vcpu vcpu = guest.openVcpu(0, 1);
            vcpu.write(PAGE, 8, 42);

            assertThat(vcpu.read(PAGE, 8)).isEqualTo(42);
            assertThat(trapline.calls).containsExactly("one:1");
        }
    }

    @Test
    void whereThatFailsItComesBack() {
        trapline.guests.home("three:3");
        try (Guest guest = connection.guest(DOMAIN)) {
            Vcpu vcpu = guest.openVcpu(0, 1);
            awaitCallAt("three:3");
            vcpu.write(PAGE, 8, 42);
            three.shutdownNow();

            assertThat(vcpu.read(PAGE, 8)).isEqualTo(42);
            assertThat(trapline.calls).endsWith("one:1");
            assertThat(guest.resumptions()).isEqualTo(1);
        }
    }

    @Test
    void whenTheFirstNodeEndsItIsNotConcerned() {
        trapline.guests.home("three:3");
        try (Guest guest = connection.guest(DOMAIN)) {
            Vcpu vcpu = guest.openVcpu(0, 1);
            awaitCallAt("three:3");
            vcpu.write(PAGE, 8, 42);
            one.shutdownNow();

            assertThat(vcpu.read(PAGE, 8)).isEqualTo(42);
            assertThat(guest.resumptions()).isZero();
        }
    }

    @Test
    void whoDoesNotWantItStays() {
        trapline.guests.home("three:3");
        try (Guest guest = connection.guest(DOMAIN, GuestOptions.defaults().withoutRoute())) {
            Vcpu vcpu = guest.openVcpu(0, 1);
            vcpu.write(PAGE, 8, 42);

            assertThat(vcpu.read(PAGE, 8)).isEqualTo(42);
            assertThat(trapline.calls).containsExactly("one:1");
        }
    }
}
