package io.trapline.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Server;
import io.trapline.client.DeviceModel;
import io.trapline.client.DomainRef;
import io.trapline.client.Emulator;
import io.trapline.client.Guest;
import io.trapline.client.GuestOptions;
import io.trapline.client.Ioreq;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.client.Vcpu;
import io.trapline.model.AccessFlags;
import io.trapline.model.Gfn;
import io.trapline.model.Gpa;
import io.trapline.model.MemType;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.DomainMemory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("Step 5: guests, shards and emulators at any nodes")
final class AnyNodeTest {
    private static final int NODES = 3;
    private static final long DEVICE_GFN = 16;
    private static final Gpa DEVICE = new Gpa(DEVICE_GFN << 12);
    private static final Gpa PLAIN = new Gpa(0x2000);
    private static final GuestOptions STAYING = GuestOptions.defaults().withoutRoute();

    @TempDir
    static Path folder;

    private static Nodes nodes;
    private static final List<TraplineConnection> AT = new ArrayList<>();

    @BeforeAll
    static void start() throws Exception {
        nodes = new Nodes(folder, NODES);
        for (int i = 0; i < NODES; i++) {
            AT.add(nodes.connect(nodes.address(i)));
        }
    }

    @AfterAll
    static void stop() {
        AT.clear();
        nodes.close();
    }

    /** Holds what is written to it, and writes each value to a plain page before it answers. */
    private static class Device implements DeviceModel {
        final Map<Long, Long> held = new ConcurrentHashMap<>();
        final List<Long> writes = new ArrayList<>();

        @Override
        public long read(Ioreq ioreq) {
            return held.getOrDefault(ioreq.address(), 0L);
        }

        @Override
        public void write(Ioreq ioreq) {
            ioreq.memory().write(new Gpa(PLAIN.value() + 64), ioreq.data(), 8);
            synchronized (writes) {
                writes.add(ioreq.data());
            }
            held.put(ioreq.address(), ioreq.data());
        }
    }

    private static DomainRef domain() {
        return DomainRef.of(AT.getFirst()
                .domains()
                .create(CreateDomainRequest.newBuilder()
                        .setNrPages(64)
                        .setNrVcpus(NODES)
                        .setMemory(DomainMemory.DOMAIN_MEMORY_VOLATILE)
                        .setDefaultTimeoutMs(60_000)
                        .build()));
    }

    private static ServerRef device(DomainRef domain, int at) {
        AT.get(at).memory().setMemType(domain, new Gfn(DEVICE_GFN), 2, MemType.IOREQ_SERVER_0);
        ServerRef server = AT.getFirst().ioreqServers().create(domain);
        AT.getFirst().ioreqServers().enable(server);
        AT.getFirst().ioreqServers().mapMemType(server, MemType.IOREQ_SERVER_0, AccessFlags.ALL);
        return server;
    }

    private static String primary(DomainRef domain) {
        return AT.getFirst().domains().describe(domain).getShards(0).getPrimary();
    }

    @Test
    @DisplayName("V-8: all 27 combinations of guest's node, shard's node and emulator's node")
    void anyNodesServe() {
        List<String> primaries = new ArrayList<>();
        List<DomainRef> domains = new ArrayList<>();
        for (int p = 0; p < NODES; p++) {
            DomainRef domain = domain();
            primaries.add(primary(domain));
            ServerRef server = device(domain, p);
            long next = 1;
            for (int e = 0; e < NODES; e++) {
                Device device = new Device();
                try (Emulator emulator = AT.get(e).attach(server, device)) {
                    for (int g = 0; g < NODES; g++) {
                        try (Guest guest = AT.get(g).guest(domain, STAYING)) {
                            Vcpu vcpu = guest.openVcpu(g, 8);
                            long value = next++;
                            vcpu.write(DEVICE, 8, value);
                            assertThat(vcpu.read(DEVICE, 8)).isEqualTo(value);
                            // F2: what the handler wrote is there when its answer is.
                            assertThat(vcpu.read(new Gpa(PLAIN.value() + 64), 8))
                                    .isEqualTo(value);
                            vcpu.write(PLAIN, 8, ~value);
                            byte[] seen = AT.get(e).memory().read(domain, PLAIN, 1);
                            assertThat(seen[0]).isEqualTo((byte) ~value);
                        }
                    }
                    assertThat(emulator.isAttached()).isTrue();
                }
                assertThat(device.writes).hasSize(NODES);
            }
            domains.add(domain);
        }
        assertThat(primaries).doesNotHaveDuplicates();
        domains.forEach(domain -> AT.getFirst().domains().destroy(domain));
    }

    @Test
    @DisplayName("A4, A6: a guest goes on at another node; nothing of it is carried out twice")
    void aGuestGoesOnAtAnotherNode() throws Exception {
        DomainRef domain = domain();
        ServerRef server = device(domain, 0);
        Server door = nodes.door(1);
        CountDownLatch arrived = new CountDownLatch(1);
        CountDownLatch mayAnswer = new CountDownLatch(1);
        Device device = new Device() {
            @Override
            public void write(Ioreq ioreq) {
                if (ioreq.data() == 2) {
                    arrived.countDown();
                    await(mayAnswer);
                }
                super.write(ioreq);
            }
        };
        TraplineConnection roaming = nodes.connect("127.0.0.1:" + door.getPort(), nodes.address(2));
        try (Emulator emulator = AT.getFirst().attach(server, device);
                Guest guest = roaming.guest(domain, STAYING)) {
            Vcpu vcpu = guest.openVcpu(0, 8);
            vcpu.write(DEVICE, 8, 1);
            long epoch = vcpu.epoch();
            CompletableFuture<Long> second = vcpu.writeAsync(DEVICE, 8, 2);
            CompletableFuture<Long> third = vcpu.writeAsync(DEVICE, 8, 3);
            assertThat(arrived.await(60, TimeUnit.SECONDS)).isTrue();
            door.shutdownNow();
            mayAnswer.countDown();
            second.get(60, TimeUnit.SECONDS);
            third.get(60, TimeUnit.SECONDS);
            assertThat(vcpu.read(DEVICE, 8)).isEqualTo(3);
            assertThat(vcpu.epoch()).isEqualTo(epoch);
            assertThat(guest.resumptions()).isPositive();
            assertThat(emulator.isAttached()).isTrue();
        }
        assertThat(device.writes).containsExactly(1L, 2L, 3L);
        AT.getFirst().domains().destroy(domain);
    }

    @Test
    @DisplayName("A4, A6: a guest goes on at the node that has its pages, while its accesses are under way")
    void aGuestGoesToThePages() throws Exception {
        for (int g = 0; g < NODES; g++) {
            DomainRef domain = domain();
            Server door = nodes.door(g);
            try (TraplineConnection away = nodes.connect("127.0.0.1:" + door.getPort());
                    Guest guest = away.guest(domain)) {
                Vcpu vcpu = guest.openVcpu(0, 64);
                List<CompletableFuture<Long>> writes = new ArrayList<>();
                for (long value = 1; value <= 2_000; value++) {
                    writes.add(vcpu.writeAsync(PLAIN, 8, value));
                }
                for (CompletableFuture<Long> write : writes) {
                    write.get(60, TimeUnit.SECONDS);
                }
                assertThat(vcpu.read(PLAIN, 8)).isEqualTo(2_000);
                if (!primary(domain).equals(nodes.name(g))) {
                    // Nobody needs the way that the guest came by.
                    door.shutdownNow();
                    vcpu.write(PLAIN, 8, 2_001);
                    assertThat(vcpu.read(PLAIN, 8)).isEqualTo(2_001);
                }
            }
            AT.getFirst().domains().destroy(domain);
        }
    }

    /** Writes as {@link Device}, but keeps the second one until it may be answered. */
    private static final class SlowDevice extends Device {
        final CountDownLatch arrived = new CountDownLatch(1);
        final CountDownLatch mayAnswer = new CountDownLatch(1);

        @Override
        public void write(Ioreq ioreq) {
            if (ioreq.data() == 2) {
                arrived.countDown();
                await(mayAnswer);
            }
            super.write(ioreq);
        }
    }

    /** A node other than those. */
    private static int otherThan(String... names) {
        for (int i = 0; i < NODES; i++) {
            if (!List.of(names).contains(nodes.name(i))) {
                return i;
            }
        }
        throw new AssertionError("no other node");
    }

    @Test
    @DisplayName(
            "D-22: an emulator that goes on at another node is asked there what it had under way; nothing is carried out twice")
    void anEmulatorGoesOnAtAnotherNode() throws Exception {
        DomainRef domain = domain();
        ServerRef server = device(domain, 0);
        int first = otherThan(primary(domain));
        int next = otherThan(primary(domain), nodes.name(first));
        Server door = nodes.door(first);
        SlowDevice device = new SlowDevice();
        TraplineConnection roaming = nodes.connect("127.0.0.1:" + door.getPort(), nodes.address(next));
        try (Emulator emulator = roaming.attach(server, device);
                Guest guest = AT.getFirst().guest(domain)) {
            goesOn(guest, emulator, device, door::shutdownNow);
        }
        AT.getFirst().domains().destroy(domain);
    }

    @Test
    @DisplayName("D-22: and so is one whose node ends")
    void anEmulatorsNodeEnds() throws Exception {
        DomainRef domain = domain();
        ServerRef server = device(domain, 0);
        int mortal = nodes.more();
        SlowDevice device = new SlowDevice();
        TraplineConnection roaming = nodes.connect(nodes.address(mortal), nodes.address(otherThan(primary(domain))));
        try (Emulator emulator = roaming.attach(server, device);
                Guest guest = AT.getFirst().guest(domain)) {
            goesOn(guest, emulator, device, () -> nodes.end(mortal));
        }
        AT.getFirst().domains().destroy(domain);
    }

    private static void goesOn(Guest guest, Emulator emulator, SlowDevice device, Runnable fault) throws Exception {
        Vcpu vcpu = guest.openVcpu(0, 8);
        vcpu.write(DEVICE, 8, 1);
        CompletableFuture<Long> second = vcpu.writeAsync(DEVICE, 8, 2);
        CompletableFuture<Long> third = vcpu.writeAsync(DEVICE, 8, 3);
        CompletableFuture<Long> behind = vcpu.writeAsync(new Gpa(PLAIN.value() + 128), 8, 4);
        assertThat(device.arrived.await(60, TimeUnit.SECONDS)).isTrue();
        fault.run();
        device.mayAnswer.countDown();
        second.get(60, TimeUnit.SECONDS);
        third.get(60, TimeUnit.SECONDS);
        behind.get(60, TimeUnit.SECONDS);
        assertThat(vcpu.read(DEVICE, 8)).isEqualTo(3);
        assertThat(device.writes).containsExactly(1L, 2L, 3L);
        assertThat(emulator.counters().resumptions()).isPositive();
        assertThat(emulator.counters().redelivered()).isZero();
    }

    @Test
    @DisplayName("F6: where node and emulator both go, the next run is told that it may not be the first")
    void anotherRunIsToldThatItMayNotBeTheFirst() throws Exception {
        DomainRef domain = domain();
        ServerRef server = device(domain, 0);
        int mortal = nodes.more();
        SlowDevice lost = new SlowDevice();
        SlowDevice next = new SlowDevice();
        next.mayAnswer.countDown();
        try (Guest guest = AT.getFirst().guest(domain)) {
            Vcpu vcpu = guest.openVcpu(0, 8);
            CompletableFuture<Long> write;
            try (TraplineConnection mortals = nodes.connect(nodes.address(mortal))) {
                Emulator emulator = mortals.attach(server, lost);
                write = vcpu.writeAsync(DEVICE, 8, 2);
                assertThat(lost.arrived.await(60, TimeUnit.SECONDS)).isTrue();
                assertThat(emulator.isAttached()).isTrue();
                nodes.end(mortal);
            }
            try (Emulator emulator = AT.get(otherThan(primary(domain))).attach(server, next)) {
                write.get(60, TimeUnit.SECONDS);
                assertThat(emulator.counters().redelivered()).isEqualTo(1);
            }
            lost.mayAnswer.countDown();
        }
        assertThat(next.writes).containsExactly(2L);
        AT.getFirst().domains().destroy(domain);
    }

    @Test
    @DisplayName("T6, F2: pages are read, written and typed through any node")
    void pagesAreReachedThroughAnyNode() {
        DomainRef domain = domain();
        for (int i = 0; i < NODES; i++) {
            byte[] bytes = {(byte) i, 2, 3};
            AT.get(i).memory().write(domain, new Gpa(0xFFF), bytes);
            assertThat(AT.get((i + 1) % NODES).memory().read(domain, new Gpa(0xFFF), 3))
                    .isEqualTo(bytes);
            MemType type = i % 2 == 0 ? MemType.RAM_RO : MemType.RAM_RW;
            AT.get(i).memory().setMemType(domain, new Gfn(5), 1, type);
            assertThat(AT.get((i + 1) % NODES)
                            .memory()
                            .listMemTypes(domain, new Gfn(5), 1)
                            .getFirst()
                            .getTypeValue())
                    .isEqualTo(type.code());
        }
        AT.getFirst().domains().destroy(domain);
    }

    @Test
    @DisplayName("C5: a release is over only when the emulator's node has nothing of it")
    void aReleaseWaitsForTheEmulatorsNode() throws Exception {
        DomainRef domain = domain();
        ServerRef server = device(domain, 0);
        CountDownLatch arrived = new CountDownLatch(1);
        CountDownLatch mayAnswer = new CountDownLatch(1);
        Device device = new Device() {
            @Override
            public void write(Ioreq ioreq) {
                arrived.countDown();
                await(mayAnswer);
                super.write(ioreq);
            }
        };
        for (int e = 0; e < NODES; e++) {
            if (("n" + (e + 1)).equals(primary(domain))) {
                continue;
            }
            try (Emulator emulator = AT.get(e).attach(server, device);
                    Guest guest = AT.get(e).guest(domain)) {
                Vcpu vcpu = guest.openVcpu(0, 8);
                CompletableFuture<Long> write = vcpu.writeAsync(DEVICE, 8, 7);
                assertThat(arrived.await(60, TimeUnit.SECONDS)).isTrue();
                CompletableFuture<Void> released = CompletableFuture.runAsync(
                        () -> AT.getFirst().ioreqServers().release(server, MemType.IOREQ_SERVER_0));
                mayAnswer.countDown();
                write.get(60, TimeUnit.SECONDS);
                released.get(60, TimeUnit.SECONDS);
                assertThat(emulator.isAttached()).isTrue();
            }
            break;
        }
        assertThat(device.writes).containsExactly(7L);
        AT.getFirst().domains().destroy(domain);
    }

    private static void await(CountDownLatch latch) {
        try {
            if (!latch.await(60, TimeUnit.SECONDS)) {
                throw new AssertionError("nobody lets it go on");
            }
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }
}
