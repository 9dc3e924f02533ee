package io.trapline.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trapline.client.DeviceModel;
import io.trapline.client.DomainRef;
import io.trapline.client.Emulator;
import io.trapline.client.EmulatorOptions;
import io.trapline.client.Guest;
import io.trapline.client.Ioreq;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.client.Vcpu;
import io.trapline.model.AccessFlags;
import io.trapline.model.Gfn;
import io.trapline.model.Gpa;
import io.trapline.model.MemType;
import io.trapline.v1.ClaimEnd;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.CreateIoreqServerRequest;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.OnDisconnect;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("S5: emulators that stand by, at any nodes")
final class StandbyTest {
    private static final Gpa DEVICE = new Gpa(16L << 12);
    private static final int GRACE_MILLIS = 1_000;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    static Path folder;

    private static Nodes nodes;

    @BeforeAll
    static void start() throws Exception {
        nodes = new Nodes(folder, 2);
    }

    @AfterAll
    static void stop() {
        nodes.close();
    }

    /** Says when something has come, and may keep it. */
    private static final class Device implements DeviceModel {
        final List<Long> writes = new CopyOnWriteArrayList<>();
        final CountDownLatch arrived = new CountDownLatch(1);
        final CountDownLatch mayAnswer;

        Device(boolean holds) {
            mayAnswer = new CountDownLatch(holds ? 1 : 0);
        }

        @Override
        public long read(Ioreq ioreq) {
            return writes.isEmpty() ? 0 : writes.getLast();
        }

        @Override
        public void write(Ioreq ioreq) {
            arrived.countDown();
            try {
                assertThat(mayAnswer.await(60, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
            }
            writes.add(ioreq.data());
        }
    }

    private static DomainRef domain(TraplineConnection at) {
        DomainRef domain = DomainRef.of(at.domains()
                .create(CreateDomainRequest.newBuilder()
                        .setNrPages(64)
                        .setNrVcpus(1)
                        .setMemory(DomainMemory.DOMAIN_MEMORY_VOLATILE)
                        .setDefaultTimeoutMs(60_000)
                        .build()));
        at.memory().setMemType(domain, new Gfn(16), 1, MemType.IOREQ_SERVER_0);
        return domain;
    }

    private static ServerRef device(TraplineConnection at, DomainRef domain) {
        ServerRef server = at.ioreqServers()
                .create(
                        domain,
                        CreateIoreqServerRequest.newBuilder()
                                .setTimeoutMs(60_000)
                                .setOnDisconnect(OnDisconnect.ON_DISCONNECT_RELEASE)
                                .setGraceMs(GRACE_MILLIS)
                                .build());
        at.ioreqServers().enable(server);
        at.ioreqServers().mapMemType(server, MemType.IOREQ_SERVER_0, AccessFlags.ALL);
        return server;
    }

    @Test
    @DisplayName("S5, F6, A4: what was under way comes to the standby, marked; each write has one outcome")
    void takesOverWhatWasUnderWay() throws Exception {
        TraplineConnection here = nodes.connect(nodes.address(0));
        TraplineConnection there = nodes.connect(nodes.address(1));
        DomainRef domain = domain(here);
        ServerRef server = device(here, domain);
        Device lost = new Device(true);
        Device next = new Device(false);
        Device last = new Device(false);
        Emulator active = here.attach(server, lost);
        Emulator standby = there.attach(server, next, EmulatorOptions.defaults().asStandby());
        try (Emulator second =
                        here.attach(server, last, EmulatorOptions.defaults().asStandby());
                Guest guest = here.guest(domain)) {
            assertThat(active.isAttached()).isTrue();
            assertThat(standby.isStandingBy()).isTrue();
            assertThat(second.isStandingBy()).isTrue();
            assertThat(here.ioreqServers().getInfo(server).getServer().getStandbys())
                    .isEqualTo(2);
            Vcpu vcpu = guest.openVcpu(0, 8);
            CompletableFuture<Long> write = vcpu.writeAsync(DEVICE, 8, 1);
            assertThat(lost.arrived.await(60, TimeUnit.SECONDS)).isTrue();

            active.close();

            write.get(60, TimeUnit.SECONDS);
            assertThat(standby.isAttached()).isTrue();
            assertThat(standby.sessionEpoch()).isGreaterThan(active.sessionEpoch());
            assertThat(standby.counters().redelivered()).isEqualTo(1);
            assertThat(next.writes).containsExactly(1L);
            vcpu.write(DEVICE, 8, 2);
            assertThat(vcpu.read(DEVICE, 8)).isEqualTo(2);
            assertThat(second.isStandingBy()).isTrue();

            standby.close();
            assertThat(second.active().get(60, TimeUnit.SECONDS)).isGreaterThan(standby.sessionEpoch());
            vcpu.write(DEVICE, 8, 3);
            assertThat(last.writes).containsExactly(3L);
            assertThat(next.writes).containsExactly(1L, 2L);
            lost.mayAnswer.countDown();
        }
        here.domains().destroy(domain);
    }

    @Test
    @DisplayName("S5: takes over from a node that is gone")
    void takesOverFromANodeThatIsGone() throws Exception {
        TraplineConnection here = nodes.connect(nodes.address(0));
        DomainRef domain = domain(here);
        ServerRef server = device(here, domain);
        int mortal = nodes.more();
        Device next = new Device(false);
        Device lost = new Device(true);
        TraplineConnection mortals = nodes.connect(nodes.address(mortal));
        try (Emulator active = mortals.attach(server, lost);
                Emulator standby =
                        here.attach(server, next, EmulatorOptions.defaults().asStandby());
                Guest guest = here.guest(domain)) {
            assertThat(active.isAttached()).isTrue();
            CompletableFuture<Long> write = guest.openVcpu(0, 8).writeAsync(DEVICE, 8, 1);
            assertThat(lost.arrived.await(60, TimeUnit.SECONDS)).isTrue();

            nodes.end(mortal);

            write.get(60, TimeUnit.SECONDS);
            assertThat(next.writes).containsExactly(1L);
            assertThat(standby.isAttached()).isTrue();
            lost.mayAnswer.countDown();
        }
        here.domains().destroy(domain);
    }

    @Test
    @DisplayName("C6: one that stands by counts as attached; without any the claims end")
    void claimsEndWithoutAnyEmulator() {
        TraplineConnection here = nodes.connect(nodes.address(0));
        TraplineConnection there = nodes.connect(nodes.address(1));
        DomainRef domain = domain(here);
        ServerRef server = device(here, domain);
        Emulator active = here.attach(server, new Device(false));
        Emulator standby = there.attach(
                server, new Device(false), EmulatorOptions.defaults().asStandby());
        active.close();
        await().atMost(PATIENCE).until(standby::isAttached);
        assertThat(here.ioreqServers().listClaimHistory(domain)).isEmpty();

        standby.close();

        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(here.ioreqServers().listClaimHistory(domain))
                        .extracting(claim -> claim.getEnd())
                        .containsExactly(ClaimEnd.CLAIM_END_DISCONNECTED));
        here.domains().destroy(domain);
    }
}
