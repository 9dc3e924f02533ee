package io.trapline.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.trapline.client.DomainRef;
import io.trapline.client.Drain;
import io.trapline.client.Emulator;
import io.trapline.client.Guest;
import io.trapline.client.Memory;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.client.TraplineException;
import io.trapline.client.Vcpu;
import io.trapline.model.AccessFlags;
import io.trapline.model.Errno;
import io.trapline.model.Gfn;
import io.trapline.model.Gpa;
import io.trapline.model.MemType;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.DomainShard;
import io.trapline.v1.DomainState;
import io.trapline.v1.MemTypeRun;
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

/** Three nodes, each in a JVM of its own and too small for the domain, whose shards they decide between them. */
@Tag("processes")
@Timeout(180)
@DisplayName("D-26: one domain at several hosts")
final class SeveralHostsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long NODE_BYTES = 2L << 30;
    private static final long SHARD_PAGES = 1 << 18;
    private static final MemType TYPE = MemType.ioreqServer(0);
    /** The last page of the first shard, all of the second and the first page of the third. */
    private static final Gfn FIRST = new Gfn(SHARD_PAGES - 1);

    private static final long PAGES = SHARD_PAGES + 2;

    @TempDir
    static Path data;

    private static Processes cluster;

    @BeforeAll
    static void start() throws Exception {
        cluster = new Processes(1, 3, data, NODE_BYTES);
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    @Test
    @DisplayName("T6, C4, C5: types, claims, accesses and the reset of a release are those of one domain")
    void isOneDomain() throws Exception {
        try (TraplineConnection connection = cluster.connect("operator")) {
            // Two shards at each of two nodes, one at the third.
            DomainRef domain = create(connection, 5, DomainMemory.DOMAIN_MEMORY_VOLATILE);
            assertThat(primaries(connection, domain)).doesNotHaveDuplicates().hasSize(3);
            ServerRef server = connection.ioreqServers().create(domain);
            connection.ioreqServers().mapMemType(server, TYPE, AccessFlags.WRITE);
            Gfn last = new Gfn(4 * SHARD_PAGES);
            connection.memory().setMemType(domain, List.of(Memory.run(FIRST, PAGES, TYPE), Memory.run(last, 1, TYPE)));
            WrittenDevice device = new WrittenDevice();
            try (Emulator emulator = connection.attach(server, device);
                    Guest guest = connection.guest(domain);
                    Vcpu vcpu = guest.openVcpu(0, 8)) {
                connection.ioreqServers().enable(server);
                Gpa inFirst = new Gpa(FIRST.value() << Gfn.PAGE_SHIFT);
                Gpa inSecond = new Gpa((FIRST.value() + 1) << Gfn.PAGE_SHIFT);
                Gpa inThird = new Gpa((FIRST.value() + PAGES - 1) << Gfn.PAGE_SHIFT);
                Gpa inLast = new Gpa(last.value() << Gfn.PAGE_SHIFT);
                List<Gpa> all = List.of(inFirst, inSecond, inThird, inLast);
                for (int i = 0; i < all.size(); i++) {
                    vcpu.write(all.get(i), 8, i);
                }
                assertThat(device.order()).containsExactly(0L, 1L, 2L, 3L);

                // One page that refuses keeps the others as they are, wherever they are.
                assertThatThrownBy(() -> connection.memory().setMemType(domain, new Gfn(0), FIRST.value() + 1, TYPE))
                        .isInstanceOfSatisfying(TraplineException.class, refused -> {
                            assertThat(refused.errno()).contains(Errno.EINVAL);
                            assertThat(refused.refusal().orElseThrow().metadata())
                                    .containsEntry("first_gfn", String.valueOf(FIRST.value()));
                        });
                assertThat(connection.memory().listMemTypes(domain, new Gfn(0), FIRST.value()))
                        .extracting(MemTypeRun::getType)
                        .containsExactly(io.trapline.v1.MemType.MEM_TYPE_RAM_RW);

                connection.ioreqServers().release(server, TYPE, true, Drain.DEFAULT);
                for (Gpa gpa : all) {
                    vcpu.write(gpa, 8, 77);
                    assertThat(vcpu.read(gpa, 8)).isEqualTo(77);
                }
                assertThat(device.order()).hasSize(4);
                assertThat(connection.memory().listMemTypes(domain, new Gfn(0), 5 * SHARD_PAGES))
                        .extracting(MemTypeRun::getType)
                        .containsOnly(io.trapline.v1.MemType.MEM_TYPE_RAM_RW);
                // Half of it at one host, half at another.
                vcpu.write(new Gpa(inSecond.value() - 4), 8, 0x1122334455667788L);
                assertThat(vcpu.read(new Gpa(inSecond.value() - 4), 8)).isEqualTo(0x1122334455667788L);
                assertThat(vcpu.read(inSecond, 4)).isEqualTo(0x11223344L);
                assertThat(emulator.ended()).isNotDone();
            }
            connection.domains().destroy(domain);
        }
    }

    @Test
    @DisplayName(
            "T6, V-11: hosts are killed one after the other under writes across them and type changes over them: all or nothing, and nothing is lost")
    void hostsDieInTheMiddle() throws Exception {
        try (TraplineConnection connection = cluster.connect("operator")) {
            await().atMost(PATIENCE)
                    .until(() -> connection.cluster().nodes().stream().allMatch(node -> node.getIncarnation() != 0));
            DomainRef domain = create(connection, 3, DomainMemory.DOMAIN_MEMORY_REPLICATED);
            try (Guest guest = connection.guest(domain);
                    // A word of these lies at two hosts.
                    Writes writes = new Writes(
                            guest.openVcpu(0, Writes.WINDOW), ((FIRST.value() + 1) << Gfn.PAGE_SHIFT) - 2044);
                    TypeChanges changes = new TypeChanges(connection, domain, FIRST, PAGES, TYPE)) {
                writes.awaitMore();
                changes.awaitMore();
                for (int shard = 0; shard < 2; shard++) {
                    await().atMost(PATIENCE).until(() -> haveTwoCopies(connection, domain));
                    List<String> primaries = primaries(connection, domain);
                    assertThat(primaries.stream().distinct().count()).isGreaterThan(1);
                    String killed = primaries.get(shard);
                    cluster.kill(killed);
                    writes.awaitMore();
                    changes.awaitMore();
                    cluster.startAgain(killed);
                    cluster.awaitUp(killed);
                }
                changes.end();
                writes.end();
                writes.check();
            }
            assertThat(connection.domains().describe(domain).getDomain().getState())
                    .isEqualTo(DomainState.DOMAIN_STATE_RUNNING);
            connection.domains().destroy(domain);
        }
    }

    private static DomainRef create(TraplineConnection connection, int shards, DomainMemory memory) {
        return DomainRef.of(connection.domains().create(shards * SHARD_PAGES, 1, memory));
    }

    /** Of each run of shards. */
    private static List<String> primaries(TraplineConnection connection, DomainRef domain) {
        return connection.domains().describe(domain).getShardsList().stream()
                .map(DomainShard::getPrimary)
                .distinct()
                .toList();
    }

    private static boolean haveTwoCopies(TraplineConnection connection, DomainRef domain) {
        return connection.domains().describe(domain).getShardsList().stream()
                .noneMatch(shard -> shard.getBackup().isEmpty());
    }
}
