package io.trapline.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.trapline.coordinator.raft.Admission;
import io.trapline.coordinator.raft.ReplicaConfig;
import io.trapline.coordinator.raft.ReplicaConfig.Peer;
import io.trapline.internal.v1.AwaitRequest;
import io.trapline.internal.v1.AwaitResponse;
import io.trapline.internal.v1.RegistryServiceGrpc;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.rpc.ControlRelay;
import io.trapline.rpc.Principals;
import io.trapline.v1.DomainServiceGrpc;
import io.trapline.v1.IoreqServerServiceGrpc;
import io.trapline.v1.MapMemTypeResponse;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("D-4, rule 0: what is asked of the leader of now")
@Timeout(120)
final class AwaitTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private Path directory;

    private final List<Peer> peers = new ArrayList<>();
    private final List<Coordinator> coordinators = new ArrayList<>();
    private final List<ManagedChannel> channels = new ArrayList<>();
    private final Deque<Runnable> started = new ArrayDeque<>();

    @BeforeEach
    void form() throws Exception {
        for (int i = 1; i <= 3; i++) {
            peers.add(new Peer("c" + i, "127.0.0.1", Relay.freePort(), "127.0.0.1:" + Relay.freePort()));
        }
        UUID cluster = UUID.randomUUID();
        for (Peer peer : peers) {
            coordinators.add(serve(peer, cluster));
            channels.add(channel(peer.services()));
            started.push(channels.getLast()::shutdownNow);
        }
        List<CompletableFuture<Void>> begun = coordinators.stream()
                .map(coordinator -> CompletableFuture.runAsync(
                        () -> {
                            try {
                                coordinator.begin();
                            } catch (Exception refused) {
                                throw new IllegalStateException(refused);
                            }
                        },
                        step -> Thread.ofVirtual().start(step)))
                .toList();
        for (CompletableFuture<Void> each : begun) {
            each.get(60, TimeUnit.SECONDS);
        }
    }

    /** A coordinator on a port, with a relay, as its process has them. */
    private Coordinator serve(Peer peer, UUID cluster) throws Exception {
        ControlRelay relay = new ControlRelay(peers.stream().map(Peer::services).toList(), AwaitTest::channel);
        started.push(relay::close);
        String name = InProcessServerBuilder.generateName();
        Server own = InProcessServerBuilder.forName(name)
                .addService(relay.method(RegistryServiceGrpc.getAwaitMethod()))
                .build()
                .start();
        ManagedChannel leader = InProcessChannelBuilder.forName(name).build();
        started.push(() -> {
            leader.shutdownNow();
            own.shutdownNow();
        });
        Coordinator coordinator = Coordinator.open(CoordinatorConfig.of(
                        ReplicaConfig.of(
                                directory.resolve(peer.id()),
                                Admission.Told.BOOTSTRAP,
                                Optional.of(cluster),
                                peer.id(),
                                peers),
                        "0.1.0-test",
                        node -> Optional.empty(),
                        failure -> {
                            throw new IllegalStateException(failure);
                        })
                .withLeader(leader));
        NettyServerBuilder builder = NettyServerBuilder.forAddress(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), port(peer.services())))
                .intercept(new Principals());
        coordinator.publicServices().forEach(builder::addService);
        coordinator
                .internalServices()
                .forEach(service -> builder.addService(ServerInterceptors.intercept(
                        service, relay.unless(coordinator::isLeading, RegistryServiceGrpc.getAwaitMethod()))));
        Server server = builder.build().start();
        started.push(() -> {
            server.shutdownNow();
            coordinator.close();
        });
        return coordinator;
    }

    private static int port(String address) {
        return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    }

    private static ManagedChannel channel(String address) {
        return NettyChannelBuilder.forAddress("127.0.0.1", port(address))
                .usePlaintext()
                .build();
    }

    @AfterEach
    void close() {
        while (!started.isEmpty()) {
            started.pop().run();
        }
    }

    private int leader() {
        return leaderOtherThan(-1);
    }

    private int leaderOtherThan(int gone) {
        return await().atMost(PATIENCE)
                .until(
                        () -> IntStream.range(0, coordinators.size())
                                .filter(i -> i != gone && coordinators.get(i).isLeading())
                                .findFirst(),
                        OptionalInt::isPresent)
                .getAsInt();
    }

    private Future<AwaitResponse> ask(int which, long revision, long drain) {
        return RegistryServiceGrpc.newFutureStub(channels.get(which))
                .withDeadlineAfter(60, TimeUnit.SECONDS)
                .await(AwaitRequest.newBuilder()
                        .setRevision(revision)
                        .setDrain(drain)
                        .build());
    }

    private AwaitResponse askAndWait(int which, long revision, long drain) {
        return RegistryServiceGrpc.newBlockingStub(channels.get(which))
                .withDeadlineAfter(60, TimeUnit.SECONDS)
                .await(AwaitRequest.newBuilder()
                        .setRevision(revision)
                        .setDrain(drain)
                        .build());
    }

    private FakeNode node(int leader) {
        FakeNode node = new FakeNode(channels.get(leader), "n1", 7);
        await().atMost(PATIENCE).until(node::serves);
        return node;
    }

    private int domain(int leader) {
        return DomainServiceGrpc.newBlockingStub(channels.get(leader))
                .createDomain(Running.smallDomain())
                .getDomain()
                .getDomid();
    }

    private Future<MapMemTypeResponse> claim(int leader, int domid) {
        int id = IoreqServerServiceGrpc.newBlockingStub(channels.get(leader))
                .createIoreqServer(io.trapline.v1.CreateIoreqServerRequest.newBuilder()
                        .setDomid(domid)
                        .build())
                .getId();
        return IoreqServerServiceGrpc.newFutureStub(channels.get(leader))
                .withDeadlineAfter(60, TimeUnit.SECONDS)
                .mapMemType(Running.claim(domid, id, 0, 3));
    }

    @Test
    void aClaimWhoseLeaderStepsDownIsAnsweredWhenItIsInForce() throws Exception {
        int first = leader();
        FakeNode node = node(first);
        int domid = domain(first);
        node.stopAcknowledging();
        // It names no request: whoever asks again would be another one.
        Future<MapMemTypeResponse> claim = claim(first, domid);
        await().atMost(PATIENCE).until(() -> node.changes.stream().anyMatch(change -> change.getClaimsCount() > 0));

        coordinators.get(first).stepDown().toCompletableFuture().get(60, TimeUnit.SECONDS);

        MapMemTypeResponse answer = claim.get(60, TimeUnit.SECONDS);
        assertThat(answer.getEpoch()).isPositive();
        askAndWait(leaderOtherThan(first), answer.getEpoch(), 0);
    }

    @Test
    void aReleaseWhoseLeaderStepsDownIsAnsweredWhenItsDrainIsOver() throws Exception {
        int first = leader();
        FakeNode node = node(first);
        int domid = domain(first);
        claim(first, domid).get(60, TimeUnit.SECONDS);
        node.stopDraining();
        // C5: over only when the node that has the pages says so, whatever becomes of its lease.
        Future<MapMemTypeResponse> release = IoreqServerServiceGrpc.newFutureStub(channels.get(first))
                .withDeadlineAfter(90, TimeUnit.SECONDS)
                .mapMemType(
                        Running.claim(domid, 0, 0, 0).toBuilder().setReset(true).build());
        await().atMost(PATIENCE).until(() -> node.changes.stream().anyMatch(change -> change.getDrainsCount() > 0));
        long drain = node.changes.stream()
                .flatMap(change -> change.getDrainsList().stream())
                .findFirst()
                .orElseThrow()
                .getRevision();

        coordinators.get(first).stepDown().toCompletableFuture().get(60, TimeUnit.SECONDS);
        int second = leaderOtherThan(first);
        assertThat(release).isNotDone();
        FakeNode again = new FakeNode(channels.get(second), "n1", 7);
        await().atMost(PATIENCE).until(() -> again.serves() && again.revision() >= drain);
        again.acknowledge(again.revision());
        again.drained(drain);
        assertThat(release.get(60, TimeUnit.SECONDS)).isNotNull();
        askAndWait(first, 0, drain);
    }

    @Test
    void anyCoordinatorSaysWhenEveryNodeHasAppliedIt() throws Exception {
        int leader = leader();
        FakeNode node = node(leader);
        int domid = domain(leader);
        node.stopAcknowledging();
        Future<MapMemTypeResponse> claim = claim(leader, domid);
        await().atMost(PATIENCE).until(() -> node.changes.stream().anyMatch(change -> change.getClaimsCount() > 0));
        long revision = node.revision();

        List<Future<AwaitResponse>> asked = new ArrayList<>();
        for (int i = 0; i < coordinators.size(); i++) {
            asked.add(ask(i, revision, 0));
        }
        node.acknowledge(revision);
        for (Future<AwaitResponse> each : asked) {
            assertThat(each.get(60, TimeUnit.SECONDS)).isEqualTo(AwaitResponse.getDefaultInstance());
        }
        assertThat(claim.get(60, TimeUnit.SECONDS).getEpoch()).isEqualTo(revision);
    }

    @Test
    void whatNobodyHasReachedIsRefusedWithoutEffectAndNamed() {
        int leader = leader();
        Refusal ahead = Running.refused(Errno.EAGAIN, () -> askAndWait(leader, 0, 1L << 40));
        assertThat(ahead.message()).startsWith("revision " + (1L << 40) + " is ahead of this coordinator, at ");
        assertThat(ahead.metadata()).containsEntry("effect", "none").containsKey("revision");
        Running.refused(Errno.EAGAIN, () -> askAndWait(leader, -1, 0));
    }

    @Test
    void aQuestionAboutNothingIsInvalid() {
        Refusal refusal = Running.refused(Errno.EINVAL, () -> askAndWait(leader(), 0, 0));
        assertThat(refusal.metadata()).containsEntry("field", "revision").containsEntry("value", "0");
    }
}
