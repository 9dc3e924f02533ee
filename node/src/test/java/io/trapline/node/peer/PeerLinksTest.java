package io.trapline.node.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.trapline.internal.v1.CallResult;
import io.trapline.internal.v1.LinkEnd;
import io.trapline.internal.v1.LinkFrame;
import io.trapline.internal.v1.LinkHello;
import io.trapline.internal.v1.LinkRequest;
import io.trapline.internal.v1.LinkResponse;
import io.trapline.internal.v1.Payload;
import io.trapline.internal.v1.PeerServiceGrpc;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.peer.PeerDirectory.Peer;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.VcpusMessage;
import io.trapline.node.rows.OutcomeRows;
import io.trapline.rpc.Statuses;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Links over real connections on loopback: what a peer tells arrives once and in order, whatever becomes of connections, and only between the lives that are meant. */
final class PeerLinksTest {
    private static final int MIB = 1 << 20;
    /** Connections come from 127.0.0.1, so none of them gets a port of this host while its server is down. */
    private static final String HOST = "127.0.0.9";

    private final List<Runnable> closing = new ArrayList<>();
    private final Map<String, Peer> registered = new HashMap<>();
    private long revision;

    /** A node that has links and nothing else. */
    private final class TestNode {
        final Life life;
        final List<String> arrived = new CopyOnWriteArrayList<>();
        final List<Runnable> untaken = new CopyOnWriteArrayList<>();
        final PeerLinks links;
        volatile boolean takes = true;
        final int port;
        private Server server;

        TestNode(String name, long incarnation) throws IOException {
            life = new Life(name, incarnation);
            links = new PeerLinks(life, PeerLinksTest::channel, (from, payload, madeNanos) -> {
                if (payload.getDomid() == 666) {
                    throw new MalformedFrameException("domid", 666, "the test refuses it");
                }
                String said = from + ": " + payload.getDomid();
                return taken -> {
                    arrived.add(said);
                    if (takes) {
                        taken.run();
                    } else {
                        untaken.add(taken);
                    }
                };
            });
            ActorTestKit kit = ActorTestKit.create();
            closing.add(kit::shutdownTestKit);
            links.begin(kit.system());
            server = serve(0);
            port = server.getPort();
            closing.add(() -> server.shutdownNow());
        }

        private Server serve(int at) throws IOException {
            return NettyServerBuilder.forAddress(new InetSocketAddress(HOST, at))
                    .addService(new PeerGrpc(links))
                    .directExecutor()
                    .build()
                    .start();
        }

        void disconnectAll() throws IOException, InterruptedException {
            server.shutdownNow();
            server.awaitTermination();
            server = serve(port);
        }

        void tell(TestNode to, TrafficClass of, int number) {
            tell(to, of, number, 0);
        }

        void tell(TestNode to, TrafficClass of, int number, int bytes) {
            links.send(to.life, (now, sink) -> sink.frame(of, payload(number, bytes)));
        }
    }

    private static Payload payload(int number, int bytes) {
        return Payload.newBuilder()
                .setDomid(number)
                .setResult(CallResult.newBuilder().setRead(ByteString.copyFrom(new byte[bytes])))
                .build();
    }

    private static ManagedChannel channel(String address) {
        return ManagedChannelBuilder.forTarget(address).usePlaintext().build();
    }

    private void register(TestNode node) {
        registered.put(node.life.node(), new Peer(node.life.incarnation(), HOST + ":" + node.port));
        revision++;
    }

    private void known(TestNode... nodes) {
        for (TestNode node : nodes) {
            node.links.know(new PeerDirectory(node.life, revision, registered));
        }
    }

    private static List<String> numbers(TestNode from, int first, int last) {
        return IntStream.rangeClosed(first, last)
                .mapToObj(number -> from.life + ": " + number)
                .toList();
    }

    @AfterEach
    void close() {
        closing.forEach(Runnable::run);
    }

    @Test
    void whatIsToldArrivesInOrderBothWays() throws IOException {
        TestNode a = new TestNode("a", 1);
        TestNode b = new TestNode("b", 2);
        register(a);
        register(b);
        known(a, b);

        for (int i = 1; i <= 200; i++) {
            a.tell(b, TrafficClass.ACCESSES, i);
            b.tell(a, TrafficClass.ANSWERS, i);
        }

        await().untilAsserted(() -> assertThat(b.arrived).containsExactlyElementsOf(numbers(a, 1, 200)));
        await().untilAsserted(() -> assertThat(a.arrived).containsExactlyElementsOf(numbers(b, 1, 200)));
    }

    @Test
    void nothingIsLostOrComesTwiceWhenConnectionsBreak() throws IOException, InterruptedException {
        TestNode a = new TestNode("a", 1);
        TestNode b = new TestNode("b", 2);
        register(a);
        register(b);
        known(a, b);

        for (int round = 0; round < 5; round++) {
            for (int i = 1; i <= 100; i++) {
                a.tell(b, TrafficClass.ACCESSES, 100 * round + i, 5_000);
            }
            int told = 100 * round + 30;
            await().until(() -> b.arrived.size() >= told);
            b.disconnectAll();
        }

        await().untilAsserted(() -> assertThat(b.arrived).hasSizeGreaterThanOrEqualTo(500));
        assertThat(b.arrived).containsExactlyElementsOf(numbers(a, 1, 500));
    }

    @Test
    void noMoreComesThanActorsTakeAndTheSenderHearsOfIt() throws IOException {
        TestNode a = new TestNode("a", 1);
        TestNode b = new TestNode("b", 2);
        register(a);
        register(b);
        known(a, b);
        b.takes = false;

        for (int i = 1; i <= 12; i++) {
            a.tell(b, TrafficClass.ACCESSES, i, MIB - 100);
        }
        await().untilAsserted(() ->
                assertThat(a.links.isCongested(b.life, TrafficClass.ACCESSES)).isTrue());
        a.tell(b, TrafficClass.ANSWERS, 100, MIB);
        await().untilAsserted(() -> assertThat(b.arrived).contains(a.life + ": 100"));
        assertThat(b.arrived).doesNotContain(a.life + ": 5");

        for (int i = 0; i < 12; i++) {
            int taken = i;
            await().until(() -> b.untaken.size() > taken);
            b.untaken.get(i).run();
        }

        await().untilAsserted(() -> assertThat(b.arrived).hasSize(13).contains(a.life + ": 12"));
        assertThat(a.links.isCongested(b.life, TrafficClass.ACCESSES)).isFalse();
    }

    @Test
    void whatIsToldALifeThatIsOverIsLost() throws IOException {
        TestNode a = new TestNode("a", 1);
        TestNode before = new TestNode("b", 2);
        register(a);
        register(before);
        known(a, before);
        a.tell(before, TrafficClass.ACCESSES, 1);
        await().until(() -> before.arrived.size() == 1);
        TestNode after = new TestNode("b", 3);
        register(after);

        known(a, after);
        a.tell(before, TrafficClass.ACCESSES, 2);
        a.tell(after, TrafficClass.ACCESSES, 3);

        await().until(() -> after.arrived.size() == 1);
        assertThat(after.arrived).containsExactly(a.life + ": 3");
        assertThat(before.arrived).containsExactly(a.life + ": 1");
    }

    @Test
    void aLifeThatTheReceiverKnowsToBeOverIsTakenNothingFrom() throws IOException {
        TestNode before = new TestNode("a", 1);
        TestNode b = new TestNode("b", 2);
        register(before);
        register(b);
        known(before, b);
        before.tell(b, TrafficClass.ACCESSES, 1);
        await().until(() -> b.arrived.size() == 1);
        TestNode after = new TestNode("a", 3);
        register(after);

        known(b, after);
        before.tell(b, TrafficClass.ACCESSES, 2);
        after.tell(b, TrafficClass.ACCESSES, 3);

        await().until(() -> b.arrived.size() == 2);
        assertThat(b.arrived).containsExactly(before.life + ": 1", after.life + ": 3");
    }

    @Test
    void aReceiverThatHasNotHeardOfTheSenderYetIsTriedAgain() throws IOException {
        TestNode b = new TestNode("b", 2);
        register(b);
        known(b);
        TestNode a = new TestNode("a", 1);
        register(a);
        known(a);
        CompletableFuture<Optional<Refusal>> refused = connect(b, hello(a, b), frame(1, 1, 0));
        a.tell(b, TrafficClass.ACCESSES, 1);
        assertThat(refused.join())
                .hasValueSatisfying(why -> assertThat(why.errno()).isEqualTo(Errno.EAGAIN));

        known(b);

        await().untilAsserted(() -> assertThat(b.arrived).containsExactly(a.life + ": 1"));
    }

    @Test
    void whatAnActorHasNotTakenBeforeItStoppedIsTakenInItsPlace() {
        ActorTestKit kit = ActorTestKit.create();
        closing.add(kit::shutdownTestKit);
        new PeerLinks(new Life("a", 1), PeerLinksTest::channel, (from, payload, madeNanos) -> taken -> {})
                .begin(kit.system());
        ActorRef<VcpusMessage> stopped = kit.spawn(Behaviors.stopped());
        AtomicInteger taken = new AtomicInteger();

        await().until(() -> {
            stopped.tell(new VcpusMessage.FromPeer(
                    new VcpusMessage.ShardAnswers(0, new OutcomeRows(1)), taken::incrementAndGet));
            return taken.get() > 0;
        });
    }

    // What no peer says.

    private LinkRequest hello(TestNode from, TestNode to) {
        return LinkRequest.newBuilder()
                .setHello(LinkHello.newBuilder()
                        .setFrom(LinkEnd.newBuilder().setNode(from.life.node()).setIncarnation(from.life.incarnation()))
                        .setTo(LinkEnd.newBuilder().setNode(to.life.node()).setIncarnation(to.life.incarnation()))
                        .setRevision(revision))
                .build();
    }

    private static LinkRequest frame(int number, int domid, long echo) {
        return LinkRequest.newBuilder()
                .setFrame(LinkFrame.newBuilder()
                        .setClass_(5)
                        .setNumber(number)
                        .setEcho(echo)
                        .setPayload(payload(domid, 0)))
                .build();
    }

    /** Says the first thing, and with the answer's stamp the others; completes with the refusal that ends the connection. */
    private CompletableFuture<Optional<Refusal>> connect(TestNode to, LinkRequest first, LinkRequest... others) {
        ManagedChannel channel = channel(HOST + ":" + to.port);
        closing.add(channel::shutdownNow);
        CompletableFuture<Optional<Refusal>> ended = new CompletableFuture<>();
        AtomicReference<StreamObserver<LinkRequest>> requests = new AtomicReference<>();
        StreamObserver<LinkRequest> stream = PeerServiceGrpc.newStub(channel).link(new StreamObserver<>() {
            private boolean welcome;

            @Override
            public void onNext(LinkResponse response) {
                if (!welcome) {
                    welcome = true;
                    List.of(others)
                            .forEach(other ->
                                    Objects.requireNonNull(requests.get()).onNext(stamped(other, response)));
                }
            }

            @Override
            public void onError(Throwable why) {
                ended.complete(Statuses.fromThrowable(why));
            }

            @Override
            public void onCompleted() {
                ended.complete(Optional.empty());
            }
        });
        requests.set(stream);
        stream.onNext(first);
        return ended;
    }

    private static LinkRequest stamped(LinkRequest request, LinkResponse response) {
        if (!request.hasFrame() || request.getFrame().getEcho() != 0) {
            return request;
        }
        return request.toBuilder()
                .setFrame(request.getFrame().toBuilder().setEcho(response.getStamp()))
                .build();
    }

    enum Lie {
        FRAME_FIRST("message"),
        HELLO_TWICE("message"),
        GAP("number"),
        FUTURE_STAMP("number"),
        NO_CLASS("class"),
        MALFORMED("domid");

        private final String field;

        Lie(String field) {
            this.field = field;
        }
    }

    @ParameterizedTest
    @EnumSource(Lie.class)
    void aConnectionOnWhichAPeerLiesEndsAndChangesNothing(Lie lie) throws IOException {
        TestNode a = new TestNode("a", 1);
        TestNode b = new TestNode("b", 2);
        register(a);
        register(b);
        known(a, b);

        CompletableFuture<Optional<Refusal>> ended = switch (lie) {
            case FRAME_FIRST -> connect(b, frame(1, 7, 1));
            case HELLO_TWICE -> connect(b, hello(a, b), hello(a, b));
            case GAP -> connect(b, hello(a, b), frame(2, 7, 0));
            case FUTURE_STAMP -> connect(b, hello(a, b), frame(1, 7, Long.MAX_VALUE));
            case NO_CLASS ->
                connect(
                        b,
                        hello(a, b),
                        frame(1, 7, 0).toBuilder()
                                .setFrame(frame(1, 7, 0).getFrame().toBuilder().setClass_(6))
                                .build());
            case MALFORMED -> connect(b, hello(a, b), frame(1, 666, 0), frame(1, 7, 0));
        };

        assertThat(ended.join()).hasValueSatisfying(why -> {
            assertThat(why.errno()).isEqualTo(Errno.EINVAL);
            assertThat(why.metadata()).containsEntry("field", lie.field);
        });
        assertThat(b.arrived).isEmpty();
        a.tell(b, TrafficClass.ACCESSES, 1);
        await().untilAsserted(() -> assertThat(b.arrived).containsExactly(a.life + ": 1"));
    }
}
