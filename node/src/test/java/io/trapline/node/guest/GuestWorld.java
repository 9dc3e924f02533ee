package io.trapline.node.guest;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import io.trapline.internal.v1.ExecuteRequest;
import io.trapline.internal.v1.ExecuteResponse;
import io.trapline.internal.v1.MoveVcpu;
import io.trapline.internal.v1.RegistryServiceGrpc;
import io.trapline.model.Refusal;
import io.trapline.node.fixture.ManualClock;
import io.trapline.node.lease.ServingGate;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.protocol.ShardRoute;
import io.trapline.node.protocol.VcpuOpening;
import io.trapline.node.protocol.VcpusMessage;
import io.trapline.node.registry.DomainCalls;
import io.trapline.node.registry.DomainHandle;
import io.trapline.node.registry.NodeDirectory;
import io.trapline.node.registry.RegistryClient;
import io.trapline.node.rows.AccessRows;
import io.trapline.node.rows.OutcomeRows;
import io.trapline.rpc.Statuses;
import io.trapline.v1.AccessBatch;
import io.trapline.v1.AccessRequest;
import io.trapline.v1.AccessResponse;
import io.trapline.v1.GuestServiceGrpc;
import io.trapline.v1.OpenVcpu;
import io.trapline.v1.VcpuOpened;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;

/** A domain's vCPUs with two shards that say what the test wants, under a registry that opens every vCPU; guests come by real gRPC streams. */
final class GuestWorld extends RegistryServiceGrpc.RegistryServiceImplBase implements AutoCloseable {
    static final int DOMID = 1;
    static final int NR_VCPUS = 4;
    static final long SECOND_SHARD = 1L << 30;

    /** Both shards. */
    final TestProbe<ShardMessage> shard;

    final ActorRef<VcpusMessage> vcpus;
    final ManualClock clock = new ManualClock();
    /** Whether the way to the shards is. */
    volatile boolean congested;

    private final ServingGate gate = new ServingGate(clock);
    private final Server grpc;
    private final ManagedChannel channel;
    private long revision = 10;
    private long openedAt;
    /** Guests that the registry was asked to let go on here. */
    final List<MoveVcpu> moves = new CopyOnWriteArrayList<>();

    /** Whether the registry waits for this node before it answers. */
    volatile boolean appliesOpenings = true;

    /** Where guests are best off; empty = here. */
    volatile Optional<String> guestsNode = Optional.empty();

    GuestWorld(ActorTestKit kit) throws IOException {
        String name = InProcessServerBuilder.generateName();
        channel = InProcessChannelBuilder.forName(name).directExecutor().build();
        NodeDirectory directory = new NodeDirectory(gate);
        grpc = InProcessServerBuilder.forName(name)
                .directExecutor()
                .addService(this)
                .addService(new GuestGrpc(directory))
                .build()
                .start();
        serves(Duration.ofDays(1));
        shard = kit.createTestProbe();
        ShardMap shards = new ShardMap(new long[] {0, SECOND_SHARD >>> 12});
        ShardRoute way = new ShardRoute() {
            @Override
            public void tell(ShardMessage message) {
                shard.getRef().tell(message);
            }

            @Override
            public boolean isCongested() {
                return congested;
            }
        };
        List<ShardRoute> both = List.of(way, way);
        RegistryClient registry = new RegistryClient(clock);
        registry.leader(Optional.of(channel));
        vcpus = kit.spawn(DomainVcpus.create(
                DOMID, 2, NR_VCPUS, 30_000, shards, both, () -> guestsNode, registry, new Life("node-1", 1), gate));
        apply(false, List.of());
        directory.put(new DomainHandle(
                DOMID,
                2,
                1024,
                NR_VCPUS,
                vcpus::tell,
                shards,
                both,
                nobody -> {},
                new DomainHandle.Here(List.of(), nobody -> {}),
                Map.of(),
                false,
                new DomainCalls(DOMID)));
    }

    @Override
    public void execute(ExecuteRequest request, StreamObserver<ExecuteResponse> responses) {
        long epoch = ++revision;
        if (request.hasMoveVcpu()) {
            moves.add(request.getMoveVcpu());
            responses.onNext(ExecuteResponse.newBuilder()
                    .setRevision(epoch)
                    .setVcpuEpoch(openedAt)
                    .setWindow(8)
                    .setDomainGeneration(2)
                    .build());
            responses.onCompleted();
            return;
        }
        openedAt = epoch;
        if (appliesOpenings) {
            apply(false, List.of(new VcpuOpening(request.getOpenVcpu().getVcpu(), epoch)));
        }
        responses.onNext(ExecuteResponse.newBuilder()
                .setRevision(epoch)
                .setDomainGeneration(2)
                .build());
        responses.onCompleted();
    }

    /** The node has a lease for so long, by the clock. */
    void serves(Duration time) {
        gate.open(clock.getAsLong() + time.toNanos());
    }

    void apply(boolean paused, List<VcpuOpening> opened) {
        vcpus.tell(new VcpusMessage.Apply(revision, paused, opened, List.of(), Map.of(), () -> {}));
    }

    /** The first shard is decided by another life from now on; the way there leads to the test as well. */
    void shardMoves() {
        vcpus.tell(new VcpusMessage.Apply(
                ++revision,
                false,
                List.of(),
                List.of(),
                Map.of(0, message -> shard.getRef().tell(message)),
                () -> {}));
    }

    /** The accesses that the shard was passed next. */
    AccessRows passed() {
        return shard.expectMessageClass(ShardMessage.Accesses.class).rows();
    }

    /** The same; empty where the shard is passed nothing for a while. */
    Optional<AccessRows> passedSoon() {
        try {
            return Optional.of(((ShardMessage.Accesses) shard.receiveMessage(Duration.ofMillis(300))).rows());
        } catch (AssertionError nothing) {
            return Optional.empty();
        }
    }

    /** The shard answers one of them. */
    void answer(VcpuOpened vcpu, long sequence, long value, int errno) {
        answerFrom(0, vcpu, sequence, value, errno);
    }

    void answerFrom(int shard, VcpuOpened vcpu, long sequence, long value, int errno) {
        OutcomeRows rows = new OutcomeRows(1);
        rows.add(vcpu.getVcpu(), vcpu.getVcpuEpoch(), sequence, 0, value, (byte) errno);
        vcpus.tell(new VcpusMessage.ShardAnswers(shard, rows));
    }

    Guest guest() {
        return new Guest(channel);
    }

    @Override
    public void close() {
        channel.shutdownNow();
        grpc.shutdownNow();
    }

    /** One guest's stream, driven by hand. */
    static final class Guest implements StreamObserver<AccessResponse> {
        private final BlockingQueue<Object> heard = new LinkedBlockingQueue<>();
        private final StreamObserver<AccessRequest> requests;

        Guest(ManagedChannel channel) {
            requests = GuestServiceGrpc.newStub(channel).access(this);
        }

        void send(AccessBatch.Builder batch) {
            requests.onNext(AccessRequest.newBuilder().setBatch(batch).build());
        }

        /** Opens a vCPU that this stream runs already, which is fenced by that. */
        VcpuOpened openAgain(int vcpu) {
            ask(vcpu);
            AccessResponse fenced = next();
            if (fenced.getFenced().getVcpu() != vcpu) {
                throw new AssertionError("not fenced: " + fenced);
            }
            return next().getOpened();
        }

        VcpuOpened open(int vcpu) {
            ask(vcpu);
            return next().getOpened();
        }

        /** Goes on with a vCPU that was opened before, wherever. */
        VcpuOpened goOn(VcpuOpened opened, long receivedThrough) {
            askToGoOn(opened, receivedThrough);
            return next().getOpened();
        }

        /** Why the stream ends, which it does next. */
        Refusal ended() {
            try {
                if (heard.poll(60, TimeUnit.SECONDS) instanceof Throwable why) {
                    return Statuses.fromThrowable(why).orElseThrow();
                }
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            throw new AssertionError("the stream has not ended");
        }

        com.google.rpc.Status refusedToGoOn(VcpuOpened opened, long receivedThrough) {
            askToGoOn(opened, receivedThrough);
            return next().getOpenRefused().getStatus();
        }

        private void askToGoOn(VcpuOpened opened, long receivedThrough) {
            requests.onNext(AccessRequest.newBuilder()
                    .setOpen(OpenVcpu.newBuilder()
                            .setDomid(DOMID)
                            .setVcpu(opened.getVcpu())
                            .setWindow(opened.getWindow())
                            .setToken(opened.getToken())
                            .setReceivedThrough(receivedThrough))
                    .build());
        }

        com.google.rpc.Status openRefused(int vcpu) {
            ask(vcpu);
            return next().getOpenRefused().getStatus();
        }

        private void ask(int vcpu) {
            OpenVcpu open = OpenVcpu.newBuilder()
                    .setDomid(DOMID)
                    .setVcpu(vcpu)
                    .setWindow(8)
                    .build();
            requests.onNext(AccessRequest.newBuilder().setOpen(open).build());
        }

        @Override
        public void onNext(AccessResponse response) {
            heard.add(response);
        }

        @Override
        public void onError(Throwable failure) {
            heard.add(failure);
        }

        @Override
        public void onCompleted() {
            heard.add("completed");
        }

        /** The next message that was heard. */
        AccessResponse next() {
            try {
                if (heard.poll(60, TimeUnit.SECONDS) instanceof AccessResponse response) {
                    return response;
                }
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            throw new AssertionError("heard no message");
        }
    }
}
