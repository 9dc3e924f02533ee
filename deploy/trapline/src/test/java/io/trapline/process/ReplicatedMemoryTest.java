package io.trapline.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.awaitility.Awaitility.await;

import io.trapline.client.DomainRef;
import io.trapline.client.Emulator;
import io.trapline.client.Guest;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.model.AccessFlags;
import io.trapline.model.Gfn;
import io.trapline.model.MemType;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.DescribeDomainResponse;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.DomainRedundancy;
import io.trapline.v1.DomainShard;
import io.trapline.v1.OnDegraded;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Three coordinators and three nodes, each in a JVM of its own, and domains whose shards two of the nodes have. Every test leaves all of them up. */
@Tag("processes")
@Timeout(180)
@DisplayName("REPLICATED memory outlives one host (D4)")
final class ReplicatedMemoryTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final MemType TYPE = MemType.ioreqServer(0);
    private static final long DEVICE = 0x1000;
    private static final List<String> NODES = List.of("n1", "n2", "n3");

    private static final int ATTEMPTS = 5;

    @TempDir
    static Path data;

    private static Processes cluster;

    @BeforeAll
    static void start() throws Exception {
        cluster = new Processes(3, 3, data);
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    @Test
    @DisplayName(
            "D4, V-7: the primary's node is killed under writes: the guest's stream goes on, and all that it was told is there")
    void whatWasAcknowledgedOutlivesThePrimary() throws Exception {
        killing(ReplicatedMemoryTest::outlivesThePrimary);
    }

    private static boolean outlivesThePrimary() throws Exception {
        try (TraplineConnection connection = cluster.connect("operator")) {
            DomainRef domain = domain(connection);
            ServerRef holder = connection.ioreqServers().create(domain);
            long epoch = connection.ioreqServers().mapMemType(holder, TYPE, AccessFlags.WRITE);
            try (Guest guest = connection.guest(domain);
                    Writes writes = new Writes(guest.openVcpu(0, Writes.WINDOW), DEVICE)) {
                writes.awaitMore();
                DomainShard before = shard(connection, domain);
                if (!hasTwoCopies(before)) {
                    return false;
                }
                String killed = before.getPrimary();
                cluster.kill(killed);
                writes.awaitMore();
                writes.awaitMore();
                writes.end();

                writes.check();
                assertThat(shard(connection, domain).getPrimary()).isNotEqualTo(killed);
                assertThat(connection
                                .ioreqServers()
                                .listClaims(domain)
                                .getFirst()
                                .getEpoch())
                        .isEqualTo(epoch);
                restart(killed);
                return true;
            }
        }
    }

    @Test
    @DisplayName("D4: the backup's node is killed under writes: the primary goes on alone")
    void thePrimaryGoesOnAlone() throws Exception {
        killing(ReplicatedMemoryTest::goesOnAlone);
    }

    private static boolean goesOnAlone() throws Exception {
        try (TraplineConnection connection = cluster.connect("operator")) {
            DomainRef domain = domain(connection);
            try (Guest guest = connection.guest(domain);
                    Writes writes = new Writes(guest.openVcpu(0, Writes.WINDOW), DEVICE)) {
                writes.awaitMore();
                DomainShard before = shard(connection, domain);
                if (!hasTwoCopies(before)) {
                    return false;
                }
                cluster.kill(before.getBackup());
                writes.awaitMore();
                writes.awaitMore();
                writes.end();

                writes.check();
                assertThat(shard(connection, domain).getPrimary()).isEqualTo(before.getPrimary());
                restart(before.getBackup());
                return true;
            }
        }
    }

    @ParameterizedTest(name = "on_degraded = {0}")
    @EnumSource(names = {"ON_DEGRADED_CONTINUE", "ON_DEGRADED_WAIT"})
    @DisplayName(
            "D4, D-24: the backup's node is killed under writes, the domain is REDUNDANT again, the primary's node is killed: all that was told is there")
    void aFreshCopyHasEverything(OnDegraded onDegraded) throws Exception {
        killing(() -> hasAFreshCopy(onDegraded));
    }

    private static boolean hasAFreshCopy(OnDegraded onDegraded) throws Exception {
        try (TraplineConnection connection = cluster.connect("operator")) {
            DomainRef domain = domain(connection, onDegraded);
            try (Guest guest = connection.guest(domain);
                    Writes writes = new Writes(guest.openVcpu(0, Writes.WINDOW), DEVICE)) {
                writes.awaitMore();
                DomainShard before = shard(connection, domain);
                if (!hasTwoCopies(before)) {
                    return false;
                }
                String first = before.getBackup();
                cluster.kill(first);
                await().atMost(PATIENCE).until(() -> isRedundantAgain(connection, domain, before.getEpoch()));
                writes.awaitMore();
                DomainShard again = shard(connection, domain);
                if (!hasTwoCopies(again)) {
                    restart(first);
                    return false;
                }
                assertThat(again.getBackup()).isNotEqualTo(first);
                cluster.kill(again.getPrimary());
                // One node is left: with WAIT nothing is acknowledged before there is another.
                restart(first);
                writes.awaitMore();
                writes.end();

                writes.check();
                assertThat(shard(connection, domain).getPrimary()).isNotEqualTo(again.getPrimary());
                restart(again.getPrimary());
            }
        }
        return true;
    }

    private static boolean isRedundantAgain(TraplineConnection connection, DomainRef domain, long before) {
        DescribeDomainResponse now = connection.domains().describe(domain);
        return now.getDomain().getRedundancy() == DomainRedundancy.DOMAIN_REDUNDANCY_REDUNDANT
                && now.getShards(0).getEpoch() != before;
    }

    @ParameterizedTest(name = "at the primary: {0}")
    @ValueSource(booleans = {true, false})
    @DisplayName(
            "A4, D-22: the primary's node is killed under writes to a device: each is carried out once, wherever its emulator is")
    void everyWriteIsCarriedOutOnce(boolean emulatorAtPrimary) throws Exception {
        killing(() -> isCarriedOutOnce(emulatorAtPrimary));
    }

    private static boolean isCarriedOutOnce(boolean emulatorAtPrimary) throws Exception {
        try (TraplineConnection connection = cluster.connect("operator")) {
            DomainRef domain = domain(connection);
            DomainShard shard = shard(connection, domain);
            ServerRef server = connection.ioreqServers().create(domain);
            connection.ioreqServers().mapMemType(server, TYPE, AccessFlags.WRITE);
            connection.memory().setMemType(domain, new Gfn(1), 1, TYPE);
            String first = emulatorAtPrimary ? shard.getPrimary() : otherThan(shard);
            WrittenDevice device = new WrittenDevice();
            try (TraplineConnection atNode = Processes.connect(cluster.addresses(first), "operator");
                    Emulator emulator = atNode.attach(server, device)) {
                connection.ioreqServers().enable(server);
                try (Guest guest = connection.guest(domain);
                        Writes writes = new Writes(guest.openVcpu(0, Writes.WINDOW), DEVICE)) {
                    writes.awaitMore();
                    if (!shard(connection, domain).equals(shard)) {
                        return false;
                    }
                    cluster.kill(shard.getPrimary());
                    writes.awaitMore();
                    writes.awaitMore();
                    writes.end();

                    assertThat(device.order())
                            .isSorted()
                            .doesNotHaveDuplicates()
                            .hasSize((int) writes.written());
                    assertThat(emulator.ended()).isNotDone();
                }
            }
            restart(shard.getPrimary());
            return true;
        }
    }

    /** Something that kills a node; false where the domain had no second copy any more when it was about to. */
    private interface Killing {
        boolean done() throws Exception;
    }

    /** A backup that a busy machine keeps silent for 600 ms is dropped, which is no fault: it is begun again with another domain. */
    private static void killing(Killing killing) throws Exception {
        for (int i = 0; i < ATTEMPTS; i++) {
            if (killing.done()) {
                return;
            }
        }
        fail("the second copy was given up before anybody was killed, " + ATTEMPTS + " times: the machine is too busy");
    }

    private static boolean hasTwoCopies(DomainShard shard) {
        return !shard.getBackup().isEmpty();
    }

    private static String otherThan(DomainShard shard) {
        return NODES.stream()
                .filter(node -> !node.equals(shard.getPrimary()) && !node.equals(shard.getBackup()))
                .findFirst()
                .orElseThrow();
    }

    private static DomainRef domain(TraplineConnection connection) {
        return domain(connection, OnDegraded.ON_DEGRADED_CONTINUE);
    }

    private static DomainRef domain(TraplineConnection connection, OnDegraded onDegraded) {
        await().atMost(PATIENCE)
                .until(() -> connection.cluster().nodes().stream()
                                .filter(node -> node.getIncarnation() != 0)
                                .count()
                        == 3);
        return DomainRef.of(connection
                .domains()
                .create(CreateDomainRequest.newBuilder()
                        .setNrPages(64)
                        .setNrVcpus(1)
                        .setMemory(DomainMemory.DOMAIN_MEMORY_REPLICATED)
                        .setOnDegraded(onDegraded)
                        .build()));
    }

    private static DomainShard shard(TraplineConnection connection, DomainRef domain) {
        return connection.domains().describe(domain).getShards(0);
    }

    private static void restart(String node) throws Exception {
        cluster.startAgain(node);
        cluster.awaitUp(node);
    }
}
