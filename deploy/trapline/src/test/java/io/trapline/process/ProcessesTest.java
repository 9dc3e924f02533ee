package io.trapline.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.trapline.client.DomainRef;
import io.trapline.client.Guest;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.client.TraplineException;
import io.trapline.model.AccessFlags;
import io.trapline.model.Errno;
import io.trapline.model.Gpa;
import io.trapline.model.MemType;
import io.trapline.v1.Claim;
import io.trapline.v1.Coordinator;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.DomainState;
import io.trapline.v1.Node;
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

/** Three coordinators and two nodes, each in a JVM of its own. Every test leaves all of them up. */
@Tag("processes")
@Timeout(180)
@DisplayName("Claims outlive their processes (C2, C4, D4)")
final class ProcessesTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    /** So many claims more mean that somebody leads. */
    private static final int MORE = 20;

    private static final MemType TYPE = MemType.ioreqServer(0);
    private static final byte[] BYTES = {1, 2, 3, 4};

    @TempDir
    static Path data;

    private static Processes cluster;

    @BeforeAll
    static void start() throws Exception {
        cluster = new Processes(3, 2, data);
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    private static DomainRef domain(TraplineConnection connection) {
        return DomainRef.of(connection.domains().create(64, 1, DomainMemory.DOMAIN_MEMORY_VOLATILE));
    }

    private static String nodeOf(TraplineConnection connection, DomainRef domain) {
        return connection.domains().describe(domain).getShards(0).getPrimary();
    }

    private static void assertBusy(TraplineConnection connection, ServerRef rival) {
        assertThatThrownBy(() -> connection.ioreqServers().mapMemType(rival, TYPE, AccessFlags.WRITE))
                .isInstanceOfSatisfying(
                        TraplineException.class,
                        refused -> assertThat(refused.is(Errno.EBUSY)).isTrue());
    }

    @Test
    @DisplayName(
            "C2: a claim stands when the leader is killed, and when all coordinators are; what was acknowledged is there")
    void whatWasAcknowledgedOutlivesEveryCoordinator() throws Exception {
        try (TraplineConnection gpu = cluster.connect("gpu");
                TraplineConnection other = cluster.connect("other")) {
            DomainRef domain = domain(gpu);
            ServerRef holder = gpu.ioreqServers().create(domain);
            ServerRef rival = other.ioreqServers().create(domain);
            long epoch = gpu.ioreqServers().mapMemType(holder, TYPE, AccessFlags.WRITE);
            gpu.memory().write(domain, new Gpa(0x1000), BYTES);

            String first = cluster.leader();
            cluster.kill(first);
            assertBusy(other, rival);
            cluster.startAgain(first);
            cluster.awaitUp(first);

            List<String> all = cluster.coordinators();
            all.forEach(cluster::kill);
            for (String id : all) {
                cluster.startAgain(id);
            }
            assertBusy(other, rival);
            Claim claim = gpu.ioreqServers().listClaims(domain).getFirst();
            assertThat(claim.getId()).isEqualTo(holder.id().value());
            assertThat(claim.getEpoch()).isEqualTo(epoch);
            assertThat(gpu.memory().read(domain, new Gpa(0x1000), BYTES.length))
                    .as("the nodes were there all the time")
                    .containsExactly(BYTES);
            all.forEach(cluster::awaitUp);
        }
    }

    @Test
    @DisplayName("C2: no type is held twice and no call is lost while the leader is stopped beyond every lease")
    void nothingIsHeldTwiceWhileTheLeaderIsStopped() throws Exception {
        try (TraplineConnection one = cluster.connect("one");
                TraplineConnection two = cluster.connect("two");
                TraplineConnection three = cluster.connect("three")) {
            String stopped = cluster.leader();
            Claims claims = new Claims(List.of(one, two, three), domain(one));
            try {
                awaitMore(claims);
                cluster.signal(stopped, "STOP");
                awaitMore(claims);
                cluster.signal(stopped, "CONT");
                awaitMore(claims);
            } finally {
                cluster.signal(stopped, "CONT");
                claims.end();
            }
            assertThat(claims.lost()).isEmpty();
            assertThat(claims.heldTwice()).isZero();
            await().atMost(PATIENCE)
                    .until(() -> cluster.last(stopped).state() == ProcessState.FOLLOWING
                            || cluster.last(stopped).state() == ProcessState.LEADING);
        }
    }

    private static void awaitMore(Claims claims) {
        int before = claims.granted();
        await().atMost(PATIENCE)
                .until(() -> claims.granted() >= before + MORE || !claims.lost().isEmpty());
    }

    @Test
    @DisplayName(
            "D4: a node that is killed comes back as another life when the old one's lease has ended; its volatile domains are CRASHED")
    void aNodeThatIsKilledWaitsAndRegistersAgain() throws Exception {
        try (TraplineConnection connection = cluster.connect("operator")) {
            DomainRef domain = domain(connection);
            String node = nodeOf(connection, domain);
            long incarnation = incarnation(connection, node);
            long waits = cluster.times(node, ProcessState.WAITING);

            cluster.kill(node);
            cluster.startAgain(node);
            cluster.awaitUp(node);

            assertThat(cluster.times(node, ProcessState.WAITING)).isGreaterThan(waits);
            assertThat(incarnation(connection, node)).isNotEqualTo(incarnation);
            assertThat(connection.domains().describe(domain).getDomain().getState())
                    .isEqualTo(DomainState.DOMAIN_STATE_CRASHED);
            assertThat(domain(connection)).as("and it takes new ones").isNotNull();
        }
    }

    private static long incarnation(TraplineConnection connection, String node) {
        return connection.cluster().nodes().stream()
                .filter(each -> each.getId().equals(node))
                .map(Node::getIncarnation)
                .findFirst()
                .orElseThrow();
    }

    @Test
    @DisplayName("D-6: every coordinator and every node takes every control call")
    void everyProcessTakesEveryControlCall() {
        for (String id : List.of("c1", "c2", "c3", "n1", "n2")) {
            try (TraplineConnection only = Processes.connect(cluster.address(id), "operator")) {
                DomainRef domain = domain(only);
                ServerRef server = only.ioreqServers().create(domain);
                assertThat(only.ioreqServers().mapMemType(server, TYPE, AccessFlags.WRITE))
                        .isPositive();
                assertThat(only.cluster().coordinators().getCoordinatorsList())
                        .extracting(Coordinator::getId)
                        .containsExactly("c1", "c2", "c3");
                only.domains().destroy(domain);
            }
        }
    }

    @Test
    @DisplayName("A5: a guest, an emulator and a memory call at another node than the domain's are sent to it")
    void everyNodeLeadsToTheDomain() {
        DomainRef domain;
        try (TraplineConnection any = cluster.connect("operator")) {
            domain = domain(any);
        }
        // It is at one of them.
        for (String id : List.of("n1", "n2")) {
            try (TraplineConnection only = Processes.connect(cluster.address(id), "operator");
                    Guest guest = only.guest(domain)) {
                only.memory().write(domain, new Gpa(0x1000), BYTES);
                assertThat(guest.openVcpu(0, 1).read(new Gpa(0x1000), 4)).isEqualTo(0x04030201);
            }
        }
    }
}
