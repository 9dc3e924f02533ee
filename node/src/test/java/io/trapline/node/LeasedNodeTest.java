package io.trapline.node;

import static io.trapline.node.fixture.Records.at;
import static io.trapline.node.fixture.Records.change;
import static io.trapline.node.fixture.Records.domain;
import static io.trapline.node.fixture.Records.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.NodeSessionRequest;
import io.trapline.model.Errno;
import io.trapline.model.Lease;
import io.trapline.model.Refusal;
import io.trapline.node.fixture.FakeCoordinator;
import io.trapline.node.fixture.ManualClock;
import io.trapline.node.fixture.Records;
import io.trapline.node.lease.CoordinatorChannels;
import io.trapline.node.lease.KnownCoordinators;
import io.trapline.rpc.Principals;
import io.trapline.rpc.Statuses;
import io.trapline.v1.MemoryServiceGrpc;
import io.trapline.v1.MemoryServiceGrpc.MemoryServiceBlockingStub;
import io.trapline.v1.ReadMemoryRequest;
import io.trapline.v1.WriteMemoryRequest;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** A whole node and its lease, on a clock that the test moves, under coordinators that say what the test wants. */
final class LeasedNodeTest {
    private static final int DOM = 7;

    private final ManualClock clock = new ManualClock();
    private final List<Refusal> over = new CopyOnWriteArrayList<>();
    private final List<KnownCoordinators> known = new CopyOnWriteArrayList<>();
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private FakeCoordinator first;
    private FakeCoordinator second;

    @BeforeEach
    void start() throws Exception {
        first = opened(new FakeCoordinator());
        second = opened(new FakeCoordinator());
        second.leadership = 2;
    }

    @AfterEach
    void stop() throws Exception {
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
    }

    private <T extends AutoCloseable> T opened(T it) {
        opened.push(it);
        return it;
    }

    private Node node(Function<String, ManagedChannel> channels, String... coordinators) {
        return opened(Node.start(config(channels, coordinators)));
    }

    private NodeConfig config(Function<String, ManagedChannel> channels, String... coordinators) {
        return new NodeConfig(
                Records.NODE,
                "127.0.0.1:1",
                64 << 20,
                1 << 10,
                List.of(coordinators),
                channels,
                clock,
                known::add,
                over::add);
    }

    private MemoryServiceBlockingStub memory(Node node) throws Exception {
        String name = InProcessServerBuilder.generateName();
        InProcessServerBuilder services =
                InProcessServerBuilder.forName(name).directExecutor().intercept(new Principals());
        node.services().forEach(services::addService);
        Server server = services.build().start();
        ManagedChannel channel =
                InProcessChannelBuilder.forName(name).directExecutor().build();
        opened(channel::shutdownNow);
        opened(server::shutdownNow);
        return MemoryServiceGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS);
    }

    private static NodeLife life(NodeSessionRequest register) {
        assertThat(register.hasRegister()).isTrue();
        return NodeLife.newBuilder()
                .setNode(register.getRegister().getNode())
                .setIncarnation(register.getRegister().getIncarnation())
                .build();
    }

    private record Serving(Node node, FakeCoordinator.Session session) {}

    /** A node that serves domain 7 under the first coordinator. */
    private Serving serving() throws Exception {
        Node node = node(FakeCoordinator::channel, first.address, second.address);
        FakeCoordinator.Session session = first.session();
        NodeLife life = life(first.next());
        session.tell(snapshot(3).addDomains(at(life, domain(DOM, 2, 1))));
        assertThat(first.next().getAppliedRevision()).isEqualTo(3);
        node.ready().toCompletableFuture().get(60, TimeUnit.SECONDS);
        assertThat(node.serves()).isTrue();
        return new Serving(node, session);
    }

    @Test
    void asksNobodyBeforeItBegins() throws Exception {
        List<String> asked = new CopyOnWriteArrayList<>();
        Node node = opened(Node.open(config(
                address -> {
                    asked.add(address);
                    return FakeCoordinator.channel(address);
                },
                first.address)));

        // What would ask has been told this, and has done it.
        node.resign().toCompletableFuture().get(60, TimeUnit.SECONDS);

        assertThat(asked).isEmpty();
        assertThat(node.serves()).isFalse();
    }

    @Test
    void begins() throws Exception {
        Node node = opened(Node.open(config(FakeCoordinator::channel, first.address)));

        node.begin();

        first.session();
        assertThat(life(first.next()).getNode()).isEqualTo(Records.NODE);
    }

    @Test
    @DisplayName(
            "V-2, A5: cut off from those who grant, it stops at its lease's end by its own clock, catches up, and goes on with what it had")
    void stopsAndGoesOn() throws Exception {
        // Else the node, which hears nothing of the first, goes over to it.
        second.admits = false;
        Serving serving = serving();
        Node node = serving.node();
        MemoryServiceBlockingStub memory = memory(node);
        memory.writeMemory(write());
        first.grants = false;
        clock.passes(Lease.LASTS.minusNanos(1));
        assertThat(memory.readMemory(read()).getData()).isEqualTo(write().getData());
        clock.passes(Lease.LASTS);

        assertThat(node.serves()).isFalse();
        assertThat(errno(() -> memory.readMemory(read()))).isEqualTo(Errno.EAGAIN);
        assertThat(errno(() -> memory.writeMemory(write()))).isEqualTo(Errno.EAGAIN);
        // What it has not heard of may exist.
        assertThat(errno(() -> memory.readMemory(read().toBuilder().setDomid(99).build())))
                .isEqualTo(Errno.EAGAIN);
        serving.session().tell(change(4).addSessions(1));
        assertThat(first.next().getAppliedRevision()).isEqualTo(4);

        first.revision = 5;
        first.grants = true;
        serving.session().tell(change(5).addSessions(2));
        assertThat(first.next().getAppliedRevision()).isEqualTo(5);
        await().until(node::serves);
        assertThat(memory.readMemory(read()).getData()).isEqualTo(write().getData());
        assertThat(errno(() -> memory.readMemory(read().toBuilder().setDomid(99).build())))
                .isEqualTo(Errno.ESRCH);
    }

    @Test
    @DisplayName("D-11: it is not ready before it has applied what its first grant demands")
    void isReadyWhenItHasCaughtUp() throws Exception {
        first.revision = 5;
        Node node = node(FakeCoordinator::channel, first.address);
        FakeCoordinator.Session session = first.session();
        NodeLife life = life(first.next());
        session.tell(snapshot(3).addDomains(at(life, domain(DOM, 2, 1))));
        assertThat(first.next().getAppliedRevision()).isEqualTo(3);
        assertThat(node.ready().toCompletableFuture()).isNotDone();
        // The rest of a revision follows in parts.
        session.tell(change(5).addSessions(1).setMore(true));
        session.tell(change(5).addSessions(2).setMore(true));
        assertThat(first.hasMore()).isFalse();
        session.tell(change(5).addSessions(3));
        assertThat(first.next().getAppliedRevision()).isEqualTo(5);
        node.ready().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    @Test
    @DisplayName("D-10: a life that waits for the end of an earlier one asks for no lease, and is not ready")
    void waitsForAnEarlierLife() throws Exception {
        first.admits = false;
        first.grants = false;
        Node node = node(FakeCoordinator::channel, first.address);
        FakeCoordinator.Session session = first.session();
        assertThat(first.next().hasRegister()).isTrue();
        first.admit(session, true);
        first.admit(session, false);
        session.tell(snapshot(1));
        assertThat(first.next().getAppliedRevision()).isEqualTo(1);
        // The first renewal of all.
        var renewal = first.renewal();
        assertThat(renewal.getNumber()).isEqualTo(1);
        assertThat(node.ready().toCompletableFuture()).isNotDone();
        first.grant(session, renewal);
        node.ready().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    @Test
    @DisplayName(
            "D-6, D-11: it follows the leader that is named, from what it knows, and serves on its old lease until that ends")
    void followsTheLeader() throws Exception {
        second.revision = 9;
        Serving serving = serving();
        Node node = serving.node();
        serving.session()
                .refuse(Refusal.of(Errno.EAGAIN, "this coordinator does not lead")
                        .with("leader", second.address));

        FakeCoordinator.Session session = second.session();
        NodeSessionRequest register = second.next();
        assertThat(register.getKnownRevision()).isEqualTo(3);
        assertThat(register.getClusterId()).isEqualTo(second.cluster);
        session.tell(change(8).addSessions(1));
        assertThat(second.next().getAppliedRevision()).isEqualTo(8);
        assertThat(node.serves()).isTrue();
        clock.passes(Lease.LASTS);
        assertThat(node.serves()).isFalse();
        session.tell(change(9).addSessions(2));
        assertThat(second.next().getAppliedRevision()).isEqualTo(9);
        await().until(node::serves);
        assertThat(over).isEmpty();
    }

    @Test
    @DisplayName("D-6: while a leader is silent others are asked; its stream is kept until another has granted")
    void looksForAnotherLeader() throws Exception {
        Serving serving = serving();
        Node node = serving.node();
        second.grants = false;
        first.grants = false;
        clock.passes(Lease.GRANT_SILENCE);

        FakeCoordinator.Session session = second.session();
        var renewal = second.renewal();
        assertThat(serving.session().hasEnded()).isFalse();
        second.grant(session, renewal);
        await().until(serving.session()::hasEnded);
        clock.passes(Lease.LASTS.minus(Lease.GRANT_SILENCE));
        assertThat(node.serves()).isTrue();
    }

    @Test
    @DisplayName("D-13: ESTALE ends this life for good")
    void endsWhenItsLifeIsOver() throws Exception {
        Serving serving = serving();
        Node node = serving.node();
        serving.session().refuse(Refusal.of(Errno.ESTALE, "another life has registered"));
        await().until(() -> !over.isEmpty());
        assertThat(over.getFirst().errno()).isEqualTo(Errno.ESTALE);
        assertThat(node.serves()).isFalse();
        assertThat(second.hasSession()).isFalse();
    }

    @Test
    @DisplayName("D-8: it refuses coordinators of another cluster than it has served")
    void refusesAnotherCluster() throws Exception {
        second.cluster = "restored";
        Serving serving = serving();
        Node node = serving.node();
        serving.session()
                .refuse(Refusal.of(Errno.EAGAIN, "this coordinator does not lead")
                        .with("leader", second.address));
        await().until(() -> !over.isEmpty());
        assertThat(node.serves()).isFalse();
    }

    @Test
    @DisplayName("D-13: one that resigns has stopped before it says so")
    void resigns() throws Exception {
        Serving serving = serving();
        Node node = serving.node();
        CompletableFuture<Void> resigned = node.resign().toCompletableFuture();
        assertThat(first.next().hasResign()).isTrue();
        assertThat(node.serves()).isFalse();
        assertThat(resigned).isNotDone();
        serving.session().refuse(Refusal.of(Errno.ESTALE, "resigned"));
        resigned.get(60, TimeUnit.SECONDS);
        assertThat(over).isEmpty();
    }

    @Test
    @DisplayName(
            "D-6: it goes on with coordinators that have replaced those that it was configured with, and says where they are")
    void findsThoseThatThereAreNow() throws Exception {
        first.coordinators = List.of(first.address, second.address);
        second.coordinators = List.of(second.address);
        Node node = node(FakeCoordinator::channel, first.address);
        FakeCoordinator.Session session = first.session();
        first.next();
        session.tell(snapshot(3));
        node.ready().toCompletableFuture().get(60, TimeUnit.SECONDS);
        assertThat(known).containsExactly(new KnownCoordinators(first.address, first.coordinators));

        first.close();

        second.session().tell(snapshot(4));
        await().until(() -> known.size() > 1);
        assertThat(known).last().isEqualTo(new KnownCoordinators(second.address, second.coordinators));
    }

    @Test
    @DisplayName("D-6: an address that takes connections and answers nothing does not keep it from the leader")
    void passesByAHostThatHangs() throws Exception {
        ServerSocket hangs = opened(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
        Server server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .permitKeepAliveTime(100, TimeUnit.MILLISECONDS)
                .permitKeepAliveWithoutCalls(true)
                .addService(first)
                .build()
                .start();
        opened(server::shutdownNow);
        Node node = opened(Node.start(NodeConfig.of(
                Records.NODE,
                "127.0.0.1:1",
                64 << 20,
                List.of("127.0.0.1:" + hangs.getLocalPort(), "127.0.0.1:" + server.getPort()),
                CoordinatorChannels::tcp,
                over::add)));
        first.session().tell(snapshot(1));
        node.ready().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    private static Errno errno(Runnable call) {
        try {
            call.run();
        } catch (StatusRuntimeException refused) {
            return Statuses.fromThrowable(refused).orElseThrow(() -> refused).errno();
        }
        throw new AssertionError("not refused");
    }

    private static WriteMemoryRequest write() {
        return WriteMemoryRequest.newBuilder()
                .setDomid(DOM)
                .addGpa(0)
                .addSizeBytes(1)
                .setData(ByteString.copyFrom(new byte[] {5}))
                .build();
    }

    private static ReadMemoryRequest read() {
        return ReadMemoryRequest.newBuilder()
                .setDomid(DOM)
                .addGpa(0)
                .addSizeBytes(1)
                .build();
    }
}
