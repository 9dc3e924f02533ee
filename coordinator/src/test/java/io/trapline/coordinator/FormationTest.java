package io.trapline.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.trapline.coordinator.raft.Admission;
import io.trapline.coordinator.raft.ReplicaConfig;
import io.trapline.coordinator.raft.ReplicaConfig.Peer;
import io.trapline.coordinator.raft.StartException;
import io.trapline.internal.v1.CoordinatorServiceGrpc;
import io.trapline.internal.v1.DescribePeerRequest;
import io.trapline.internal.v1.DescribePeerResponse;
import io.trapline.internal.v1.FindLeaderRequest;
import io.trapline.internal.v1.FindLeaderResponse;
import io.trapline.internal.v1.PeerState;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.rpc.Principals;
import io.trapline.v1.OpenSessionRequest;
import io.trapline.v1.SessionServiceGrpc;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("E: three coordinators form a cluster over the network")
@Timeout(120)
final class FormationTest {
    private static final UUID CLUSTER = UUID.randomUUID();

    @TempDir
    private Path directory;

    private final List<Peer> peers = new ArrayList<>();
    private final Deque<Runnable> started = new ArrayDeque<>();

    @AfterEach
    void close() {
        while (!started.isEmpty()) {
            started.pop().run();
        }
    }

    @Test
    void waitsForAllOfThemOnceAndSendsCallersToTheLeader() throws Exception {
        for (int i = 1; i <= 3; i++) {
            peers.add(new Peer("c" + i, "127.0.0.1", Relay.freePort(), "127.0.0.1:" + Relay.freePort()));
        }
        CompletableFuture<Void> first = begin(serve(0));
        CompletableFuture<Void> second = begin(serve(1));
        // Both ask each other, and one who is not there.
        await().until(() -> describe(0).getState() == PeerState.PEER_STATE_UNSPECIFIED);
        assertThat(describe(0).getClusterId()).isEqualTo(CLUSTER.toString());
        assertThat(describe(0).getPeer()).isEqualTo("c1");
        assertThat(first).isNotDone();
        assertThat(second).isNotDone();
        assertThat(Running.refused(Errno.EAGAIN, () -> open(0)).metadata()).containsEntry("effect", "none");

        CompletableFuture<Void> third = begin(serve(2));
        CompletableFuture.allOf(first, second, third).get(60, TimeUnit.SECONDS);
        await().atMost(Duration.ofSeconds(30)).until(() -> leader().isPresent());
        int leader = leader().orElseThrow();
        assertThat(open(leader)).isPositive();
        DescribePeerResponse described = describe(leader);
        assertThat(described.getLeads()).isTrue();
        assertThat(described.getState()).isEqualTo(PeerState.PEER_STATE_MEMBER);
        assertThat(described.getTakenList()).containsExactlyInAnyOrder("c1", "c2", "c3");

        int follower = (leader + 1) % 3;
        await().until(() ->
                find(follower).getLeaderAddress().equals(peers.get(leader).services()));
        assertThat(describe(follower).getLeads()).isFalse();
        Refusal refusal = Running.refused(Errno.EAGAIN, () -> open(follower));
        assertThat(refusal.metadata())
                .containsEntry("leader", peers.get(leader).services())
                .containsEntry("effect", "none");
        refusesToComeBackWithoutItsDirectory(peers.get(follower).id());
    }

    private void refusesToComeBackWithoutItsDirectory(String used) throws Exception {
        Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
        Coordinator wiped = Coordinator.open(config(0, elsewhere));
        started.push(wiped::close);
        assertThatThrownBy(wiped::begin)
                .isInstanceOf(StartException.class)
                .hasMessageContaining("replace it under a new id");
        // A joiner under a used id is refused by what the leader says.
        // A leader that is too busy to say so in time is asked again.
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(refusedJoin(used)).contains("was used before"));
    }

    /** It asks the others: under the id of the leader it would find none. */
    private String refusedJoin(String id) throws StartException {
        try (Coordinator joiner = Coordinator.open(CoordinatorConfig.of(
                ReplicaConfig.of(directory.resolve("joiner"), Admission.Told.JOIN, Optional.of(CLUSTER), id, peers),
                "0.1.0-test",
                node -> Optional.empty(),
                FormationTest::fail))) {
            return String.valueOf(
                    catchThrowableOfType(StartException.class, joiner::begin).getMessage());
        }
    }

    private static void fail(Throwable why) {
        throw new IllegalStateException(why);
    }

    private CoordinatorConfig config(int which, Path data) {
        return CoordinatorConfig.of(
                ReplicaConfig.of(
                        data,
                        Admission.Told.BOOTSTRAP,
                        Optional.of(CLUSTER),
                        peers.get(which).id(),
                        peers),
                "0.1.0-test",
                node -> Optional.empty(),
                FormationTest::fail);
    }

    /** Opens one and puts all its services on its port, before it begins. */
    private Coordinator serve(int which) throws Exception {
        Coordinator coordinator = Coordinator.open(config(which, directory.resolve("c" + which)));
        NettyServerBuilder builder = NettyServerBuilder.forAddress(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), port(which)))
                .intercept(new Principals());
        coordinator.publicServices().forEach(builder::addService);
        coordinator.internalServices().forEach(builder::addService);
        Server server = builder.build().start();
        started.push(() -> {
            server.shutdownNow();
            coordinator.close();
        });
        return coordinator;
    }

    private static CompletableFuture<Void> begin(Coordinator coordinator) {
        return CompletableFuture.runAsync(
                () -> {
                    try {
                        coordinator.begin();
                    } catch (StartException refused) {
                        throw new IllegalStateException(refused);
                    }
                },
                command -> Thread.ofVirtual().start(command));
    }

    private Optional<Integer> leader() {
        for (int i = 0; i < 3; i++) {
            FindLeaderResponse found = find(i);
            if (found.getLeads()) {
                assertThat(found.getLeader()).isEqualTo(found.getPeer());
                assertThat(found.getTerm()).isPositive();
                return Optional.of(i);
            }
        }
        return Optional.empty();
    }

    private int port(int which) {
        String services = peers.get(which).services();
        return Integer.parseInt(services.substring(services.lastIndexOf(':') + 1));
    }

    private ManagedChannel channel(int which) {
        ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", port(which))
                .usePlaintext()
                .build();
        started.push(channel::shutdownNow);
        return channel;
    }

    private FindLeaderResponse find(int which) {
        return CoordinatorServiceGrpc.newBlockingStub(channel(which))
                .withDeadlineAfter(60, TimeUnit.SECONDS)
                .findLeader(FindLeaderRequest.getDefaultInstance());
    }

    private DescribePeerResponse describe(int which) {
        return CoordinatorServiceGrpc.newBlockingStub(channel(which))
                .withDeadlineAfter(60, TimeUnit.SECONDS)
                .describePeer(DescribePeerRequest.getDefaultInstance());
    }

    private long open(int which) {
        return SessionServiceGrpc.newBlockingStub(channel(which))
                .withDeadlineAfter(60, TimeUnit.SECONDS)
                .openSession(OpenSessionRequest.getDefaultInstance())
                .getSession();
    }
}
