package io.trapline.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.trapline.client.DomainRef;
import io.trapline.client.Emulator;
import io.trapline.client.Guest;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.internal.v1.CoordinatorServiceGrpc;
import io.trapline.internal.v1.CoordinatorServiceGrpc.CoordinatorServiceBlockingStub;
import io.trapline.internal.v1.DrainNodeRequest;
import io.trapline.model.AccessFlags;
import io.trapline.model.Errno;
import io.trapline.model.Gfn;
import io.trapline.model.MemType;
import io.trapline.rpc.Statuses;
import io.trapline.v1.DomainMemory;
import io.trapline.v1.DomainShard;
import io.trapline.v1.DomainState;
import io.trapline.v1.Node;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Three coordinators and three nodes, each in a JVM of its own, under guests that write and an emulator. */
@Tag("processes")
@Timeout(180)
@DisplayName("D-27: a node gives away what it has")
final class NodeDrainTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final MemType TYPE = MemType.ioreqServer(0);
    private static final long DEVICE = 0x1000;
    private static final long MEMORY = 0x4000;

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
            "drained under load and then ended: no access fails, memory is all there, each write is carried out once, the claim stands")
    void isDrainedAndEnds() throws Exception {
        try (TraplineConnection connection = cluster.connect("operator")) {
            DomainRef replicated = create(connection, DomainMemory.DOMAIN_MEMORY_REPLICATED);
            String drained = shard(connection, replicated).getPrimary();
            DomainRef alone = at(connection, drained);
            ServerRef server = connection.ioreqServers().create(alone);
            long epoch = connection.ioreqServers().mapMemType(server, TYPE, AccessFlags.WRITE);
            connection.memory().setMemType(alone, new Gfn(1), 1, TYPE);
            DomainRef idle = at(connection, drained);
            WrittenDevice device = new WrittenDevice();
            try (TraplineConnection atNode = Processes.connect(cluster.addresses(drained), "operator");
                    Emulator emulator = atNode.attach(server, device)) {
                connection.ioreqServers().enable(server);
                try (Guest guest = atNode.guest(alone);
                        Guest other = atNode.guest(replicated);
                        Writes toDevice = new Writes(guest.openVcpu(0, Writes.WINDOW), DEVICE);
                        Writes toMemory = new Writes(guest.openVcpu(1, Writes.WINDOW), MEMORY);
                        Writes toReplicated = new Writes(other.openVcpu(0, Writes.WINDOW), MEMORY)) {
                    List<Writes> all = List.of(toDevice, toMemory, toReplicated);
                    all.forEach(Writes::awaitMore);

                    leader(stub -> stub.drainNode(
                            DrainNodeRequest.newBuilder().setNode(drained).build()));
                    await().atMost(PATIENCE).until(() -> isDrained(node(connection, drained)));
                    all.forEach(Writes::awaitMore);
                    for (DomainRef domain : List.of(replicated, alone, idle)) {
                        assertThat(shard(connection, domain).getPrimary()).isNotEqualTo(drained);
                    }
                    assertThat(shard(connection, create(connection, DomainMemory.DOMAIN_MEMORY_VOLATILE))
                                    .getPrimary())
                            .isNotEqualTo(drained);
                    assertThat(connection
                                    .ioreqServers()
                                    .listClaims(alone)
                                    .getFirst()
                                    .getEpoch())
                            .isEqualTo(epoch);

                    cluster.signal(drained, "TERM");
                    await().atMost(PATIENCE).until(() -> cluster.last(drained).state() == ProcessState.DEAD);
                    assertThat(cluster.exitCode(drained)).hasValue(0);
                    all.forEach(Writes::awaitMore);
                    for (Writes writes : all) {
                        writes.end();
                    }

                    toMemory.check();
                    toReplicated.check();
                    assertThat(device.order())
                            .isSorted()
                            .doesNotHaveDuplicates()
                            .hasSize((int) toDevice.written());
                    assertThat(emulator.ended()).isNotDone();
                }
            }
            for (DomainRef domain : List.of(replicated, alone, idle)) {
                assertThat(connection.domains().describe(domain).getDomain().getState())
                        .isEqualTo(DomainState.DOMAIN_STATE_RUNNING);
            }
            cluster.startAgain(drained);
            cluster.awaitUp(drained);
            assertThat(node(connection, drained).getDraining())
                    .as("in its next life too")
                    .isTrue();
        }
    }

    @Test
    @DisplayName("a node that nobody knows is refused by name")
    void refusesAnUnknownNode() {
        assertThatThrownBy(() -> leader(stub -> stub.drainNode(
                        DrainNodeRequest.newBuilder().setNode("n9").build())))
                .isInstanceOfSatisfying(StatusRuntimeException.class, refused -> {
                    var why = Statuses.fromThrowable(refused).orElseThrow();
                    assertThat(why.errno()).isEqualTo(Errno.ENOENT);
                    assertThat(why.metadata()).containsEntry("field", "node").containsEntry("value", "n9");
                });
    }

    private static void leader(Consumer<CoordinatorServiceBlockingStub> call) {
        ManagedChannel channel = ReliableChannel.to(cluster.address(cluster.leader()));
        try {
            call.accept(CoordinatorServiceGrpc.newBlockingStub(channel));
        } finally {
            channel.shutdownNow();
        }
    }

    private static boolean isDrained(Node node) {
        return node.getDraining() && node.getShards() == 0 && node.getBackups() == 0 && node.getServers() == 0;
    }

    private static Node node(TraplineConnection connection, String id) {
        return connection.cluster().nodes().stream()
                .filter(node -> node.getId().equals(id))
                .findFirst()
                .orElseThrow();
    }

    /** A VOLATILE domain that the node has. */
    private static DomainRef at(TraplineConnection connection, String node) {
        return Stream.generate(() -> create(connection, DomainMemory.DOMAIN_MEMORY_VOLATILE))
                .limit(9)
                .filter(domain -> shard(connection, domain).getPrimary().equals(node))
                .findFirst()
                .orElseThrow();
    }

    private static DomainRef create(TraplineConnection connection, DomainMemory memory) {
        await().atMost(PATIENCE)
                .until(() -> connection.cluster().nodes().stream()
                                .filter(Node::getUsable)
                                .count()
                        == 3);
        return DomainRef.of(connection.domains().create(64, 2, memory));
    }

    private static DomainShard shard(TraplineConnection connection, DomainRef domain) {
        return connection.domains().describe(domain).getShards(0);
    }
}
