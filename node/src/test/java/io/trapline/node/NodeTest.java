package io.trapline.node;

import static io.trapline.node.fixture.Records.at;
import static io.trapline.node.fixture.Records.change;
import static io.trapline.node.fixture.Records.domain;
import static io.trapline.node.fixture.Records.drain;
import static io.trapline.node.fixture.Records.server;
import static io.trapline.node.fixture.Records.snapshot;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.trapline.internal.v1.DrainKind;
import io.trapline.internal.v1.GetServerCountersRequest;
import io.trapline.internal.v1.GetServerCountersResponse;
import io.trapline.internal.v1.NodeControlServiceGrpc;
import io.trapline.internal.v1.NodeLife;
import io.trapline.model.Errno;
import io.trapline.node.fixture.FakeCoordinator;
import io.trapline.node.fixture.Records;
import io.trapline.rpc.Principals;
import io.trapline.rpc.Statuses;
import io.trapline.v1.DomainState;
import io.trapline.v1.ListMemTypesRequest;
import io.trapline.v1.MemType;
import io.trapline.v1.MemTypeRun;
import io.trapline.v1.MemoryServiceGrpc;
import io.trapline.v1.MemoryServiceGrpc.MemoryServiceBlockingStub;
import io.trapline.v1.ReadMemoryRequest;
import io.trapline.v1.SetMemTypeRequest;
import io.trapline.v1.WriteMemoryRequest;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A whole node with its real actors, under a coordinator that says what the test wants. */
final class NodeTest {
    private static final int DOM = 7;
    private static final long DOM_GEN = 2;

    private FakeCoordinator coordinator;
    private FakeCoordinator.Session session;
    private Node node;
    private Server server;
    private ManagedChannel channel;
    private MemoryServiceBlockingStub memory;
    private NodeLife life;

    @BeforeEach
    void start() throws Exception {
        coordinator = new FakeCoordinator();
        node = Node.start(NodeConfig.of(
                Records.NODE,
                "127.0.0.1:1",
                64 << 20,
                List.of(coordinator.address),
                FakeCoordinator::channel,
                why -> {}));
        session = coordinator.session();
        life = NodeLife.newBuilder()
                .setNode(Records.NODE)
                .setIncarnation(coordinator.next().getRegister().getIncarnation())
                .build();
        assertThat(life.getIncarnation()).isNotZero();
        String name = InProcessServerBuilder.generateName();
        InProcessServerBuilder services =
                InProcessServerBuilder.forName(name).directExecutor().intercept(new Principals());
        node.services().forEach(services::addService);
        node.internalServices().forEach(services::addService);
        server = services.build().start();
        channel = InProcessChannelBuilder.forName(name).directExecutor().build();
        memory = MemoryServiceGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS);
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        server.shutdownNow();
        node.close();
        coordinator.close();
    }

    @Test
    void typesATebibyteInOneCall() throws Exception {
        // T6, T1
        session.tell(snapshot(3).addDomains(at(life, domain(DOM, DOM_GEN, 1024))));
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(3);
        node.ready().toCompletableFuture().get(60, TimeUnit.SECONDS);
        long fastest = Long.MAX_VALUE;
        for (int i = 0; i < 40; i++) {
            MemType type = i % 2 == 0 ? MemType.MEM_TYPE_IOREQ_SERVER_0 : MemType.MEM_TYPE_RAM_RW;
            long from = System.nanoTime();
            memory.setMemType(SetMemTypeRequest.newBuilder()
                    .setDomid(DOM)
                    .addRuns(run(0, 1 << 28, type))
                    .build());
            fastest = Math.min(fastest, System.nanoTime() - from);
        }
        assertThat(TimeUnit.NANOSECONDS.toMillis(fastest)).isLessThan(500);
        ListMemTypesRequest all = ListMemTypesRequest.newBuilder()
                .setDomid(DOM)
                .setCount(1L << 40)
                .build();
        assertThat(memory.listMemTypes(all).getRunsList())
                .containsExactly(
                        run(0, 1 << 28, MemType.MEM_TYPE_RAM_RW),
                        run(1 << 28, (1L << 40) - (1 << 28), MemType.MEM_TYPE_HOLE));
    }

    @Test
    void aDestroyedDomainGivesItsMemoryBack() throws Exception {
        session.tell(snapshot(1));
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(1);
        for (int round = 0; round < 3; round++) {
            long generation = 2 + 3L * round;
            session.tell(change(generation).addDomains(at(life, domain(DOM, generation, 2))));
            assertThat(coordinator.next().getAppliedRevision()).isEqualTo(generation);
            // All that the node has.
            for (int chunk = 0; chunk < 32; chunk++) {
                memory.writeMemory(write((long) chunk << 21));
            }
            assertThat(errno(() -> memory.writeMemory(write(32L << 21)))).isEqualTo(Errno.ENOSPC);
            session.tell(change(generation + 1)
                    .addDomains(at(life, domain(DOM, generation, 2, DomainState.DOMAIN_STATE_DESTROYING, 0)))
                    .addDrains(drain(generation + 1, DrainKind.DRAIN_KIND_DESTROY_DOMAIN, DOM, generation)));
            assertThat(coordinator.next().getAppliedRevision()).isEqualTo(generation + 1);
            assertThat(coordinator.next().getDrainedRevision()).isEqualTo(generation + 1);
            assertThat(errno(() -> memory.writeMemory(write(0)))).isEqualTo(Errno.ESRCH);
            session.tell(change(generation + 2).addRemovedDomains(DOM).addEndedDrains(generation + 1));
            assertThat(coordinator.next().getAppliedRevision()).isEqualTo(generation + 2);
        }
    }

    @Test
    void aServerWithNothingInFlightDrainsAtOnceAndIsCounted() throws Exception {
        // F5, S4
        session.tell(snapshot(4)
                .addDomains(at(life, domain(DOM, DOM_GEN, 2)))
                .addServers(at(life, server(DOM, 1, 3, true, 3))));
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(4);
        assertThat(counters(3).getCounters().getDelivered()).isZero();
        assertThat(counters(3).hasCounters()).isTrue();
        assertThat(counters(9).hasCounters()).isFalse();
        session.tell(change(5)
                .addServers(at(life, server(DOM, 1, 3, false, 5)))
                .addDrains(drain(5, DrainKind.DRAIN_KIND_DISABLE, DOM, DOM_GEN)
                        .setId(1)
                        .setGeneration(3)));
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(5);
        assertThat(coordinator.next().getDrainedRevision()).isEqualTo(5);
    }

    @Test
    void callsAreRefusedWhenTheNodeHasStopped() throws Exception {
        session.tell(snapshot(4).addDomains(at(life, domain(DOM, DOM_GEN, 2))));
        assertThat(coordinator.next().getAppliedRevision()).isEqualTo(4);
        memory.writeMemory(write(0));
        node.close();
        assertThat(errno(() -> memory.writeMemory(write(0)))).isEqualTo(Errno.EAGAIN);
        assertThat(errno(() -> memory.readMemory(ReadMemoryRequest.newBuilder()
                        .setDomid(DOM)
                        .addGpa(0)
                        .addSizeBytes(1)
                        .build())))
                .isEqualTo(Errno.EAGAIN);
    }

    private GetServerCountersResponse counters(long generation) {
        return NodeControlServiceGrpc.newBlockingStub(channel)
                .getServerCounters(GetServerCountersRequest.newBuilder()
                        .setDomid(DOM)
                        .setId(1)
                        .setGeneration(generation)
                        .build());
    }

    private static WriteMemoryRequest write(long gpa) {
        return WriteMemoryRequest.newBuilder()
                .setDomid(DOM)
                .addGpa(gpa)
                .addSizeBytes(1)
                .setData(ByteString.copyFrom(new byte[] {1}))
                .build();
    }

    private static MemTypeRun run(long first, long count, MemType type) {
        return MemTypeRun.newBuilder()
                .setFirstGfn(first)
                .setCount(count)
                .setType(type)
                .build();
    }

    private static Errno errno(Runnable call) {
        try {
            call.run();
        } catch (StatusRuntimeException refused) {
            return Statuses.fromThrowable(refused).orElseThrow(() -> refused).errno();
        }
        throw new AssertionError("not refused");
    }
}
