package io.trapline.node.ioreq;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.trapline.internal.v1.AttachEmulator;
import io.trapline.internal.v1.DetachEmulator;
import io.trapline.internal.v1.ExecuteRequest;
import io.trapline.internal.v1.ExecuteResponse;
import io.trapline.internal.v1.RegistryServiceGrpc;
import io.trapline.model.AccessFlags;
import io.trapline.model.RangeSet;
import io.trapline.node.fixture.ManualClock;
import io.trapline.node.lease.ServingGate;
import io.trapline.node.p2m.ShardMap;
import io.trapline.node.protocol.EmulatorLine;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.ServerView;
import io.trapline.node.protocol.ShardMessage;
import io.trapline.node.registry.DomainCalls;
import io.trapline.node.registry.DomainHandle;
import io.trapline.node.registry.NodeDirectory;
import io.trapline.node.registry.RegistryClient;
import io.trapline.node.registry.ServerHandle;
import io.trapline.node.rows.IoreqRows;
import io.trapline.node.rows.SettledRows;
import io.trapline.rpc.Principals;
import io.trapline.v1.AttachRequest;
import io.trapline.v1.AttachResponse;
import io.trapline.v1.EmulatorServiceGrpc;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/** A node with one domain, one IOREQ server and a registry that begins every session it is asked for; emulators reach it by real gRPC streams. */
final class EmulatorWorld implements AutoCloseable {
    static final int DOMID = 1;
    static final long DOMAIN_GENERATION = 2;
    static final int NR_VCPUS = 2;

    final ActorTestKit kit;
    final ManualClock clock = new ManualClock();
    final ServingGate gate = new ServingGate(clock);
    final TestProbe<ShardMessage> shard;
    final NodeDirectory directory = new NodeDirectory(gate);
    final ActorRef<ServerMessage> server;
    final DomainCalls calls = new DomainCalls(DOMID);
    final FakeRegistry registry = new FakeRegistry();
    final EmulatorGrpc service;
    /** What it was told of, each time that some were refused. */
    final LongAdder refusedAnswers = new LongAdder();

    private final Server grpc;
    private final Server registryGrpc;
    private final ManagedChannel registryChannel;
    final ManagedChannel channel;

    EmulatorWorld(ActorTestKit kit) {
        this.kit = kit;
        serves(Duration.ofDays(1));
        shard = kit.createTestProbe();
        server = kit.spawn(IoreqServer.create(
                DOMID,
                DOMAIN_GENERATION,
                ServerScene.ID,
                ServerScene.GENERATION,
                List.of(shard.getRef()::tell),
                calls,
                drain -> {},
                refusedAnswers::add,
                gate));
        String name = "emulators-" + System.identityHashCode(this);
        try {
            registryGrpc = InProcessServerBuilder.forName(name + "-registry")
                    .directExecutor()
                    .addService(registry)
                    .build()
                    .start();
            registryChannel = InProcessChannelBuilder.forName(name + "-registry")
                    .directExecutor()
                    .build();
            RegistryClient commands = new RegistryClient(clock);
            commands.leader(Optional.of(registryChannel));
            service = new EmulatorGrpc(directory, commands, "node-1");
            grpc = InProcessServerBuilder.forName(name)
                    .directExecutor()
                    .intercept(new Principals())
                    .addService(service)
                    .build()
                    .start();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        channel = InProcessChannelBuilder.forName(name).directExecutor().build();
        put(false);
        registry.apply(0);
    }

    /** The node has a lease for so long, by the clock. */
    void serves(Duration time) {
        gate.open(clock.getAsLong() + time.toNanos());
    }

    void put(boolean crashed) {
        put(crashed, 0);
    }

    /** {@code homeEpoch}: since when the server has been here. */
    void put(boolean crashed, long homeEpoch) {
        put(crashed, homeEpoch, EmulatorLine.NONE);
    }

    /** {@code line}: who is attached, and who stands by. */
    void put(boolean crashed, long homeEpoch, EmulatorLine line) {
        ServerHandle handle = new ServerHandle(
                ServerScene.ID,
                ServerScene.GENERATION,
                ServerScene.PRINCIPAL,
                homeEpoch,
                line,
                server::tell,
                server::tell);
        directory.put(new DomainHandle(
                DOMID,
                DOMAIN_GENERATION,
                1024,
                NR_VCPUS,
                nobody -> {},
                new ShardMap(new long[] {0}),
                List.of(shard.getRef()::tell),
                nobody -> {},
                new DomainHandle.Here(List.of(), nobody -> {}),
                Map.of(ServerScene.ID, handle),
                crashed,
                calls));
    }

    void forward(Row... rows) {
        IoreqRows columns = new IoreqRows(rows.length);
        for (Row row : rows) {
            row.addTo(columns, System.nanoTime());
        }
        server.tell(new ServerMessage.Forward(0, 1, registry.revision, 0, columns, new SettledRows(0)));
    }

    Emulator emulator() {
        return new Emulator(channel, ServerScene.PRINCIPAL);
    }

    @Override
    public void close() {
        channel.shutdownNow();
        grpc.shutdownNow();
        registryChannel.shutdownNow();
        registryGrpc.shutdownNow();
    }

    /** Begins and ends sessions, and tells the server as the node would. */
    final class FakeRegistry extends RegistryServiceGrpc.RegistryServiceImplBase {
        final List<ExecuteRequest> asked = new CopyOnWriteArrayList<>();
        volatile long revision = 10;
        volatile long session;
        volatile long stream;
        volatile EmulatorLine line = EmulatorLine.NONE;
        /** Answers when told so. */
        volatile boolean waits;
        /** Done around the answer that a session has begun, on the thread of the server's actor. */
        volatile Runnable beforeAnswer = () -> {};

        volatile Runnable afterAnswer = () -> {};

        @Nullable
        volatile Throwable failure;

        @Nullable
        volatile ExecuteResponse refusal;

        final BlockingQueue<Runnable> waiting = new LinkedBlockingQueue<>();

        @Override
        public void execute(ExecuteRequest request, StreamObserver<ExecuteResponse> responses) {
            asked.add(request);
            Runnable work = () -> work(request, responses);
            if (waits) {
                waiting.add(work);
            } else {
                work.run();
            }
        }

        private synchronized void work(ExecuteRequest request, StreamObserver<ExecuteResponse> responses) {
            Throwable broken = failure;
            ExecuteResponse refused = refusal;
            if (broken != null) {
                responses.onError(broken);
                return;
            }
            if (refused != null) {
                responses.onNext(refused);
                responses.onCompleted();
                return;
            }
            AttachEmulator attach = request.getAttachEmulator();
            if (attach.getStandby() && attach.getStream() == stream) {
                answer(responses, session);
                return;
            }
            if (attach.getStandby() && session != 0) {
                line = new EmulatorLine(stream, List.of(new EmulatorLine.Waiting(attach.getStream(), attach.getRun())));
                put(false, 0, line);
                responses.onNext(ExecuteResponse.newBuilder().setStandsBy(true).build());
                responses.onCompleted();
                return;
            }
            long began = ++revision;
            if (request.hasAttachEmulator()) {
                session = began;
                stream = attach.getStream();
            } else {
                DetachEmulator detach = request.getDetachEmulator();
                session = detach.getSessionEpoch() == session ? 0 : session;
            }
            apply(session, () -> {
                beforeAnswer.run();
                answer(responses, began);
                afterAnswer.run();
            });
        }

        private static void answer(StreamObserver<ExecuteResponse> responses, long revision) {
            responses.onNext(ExecuteResponse.newBuilder()
                    .setRevision(revision)
                    .setDomainGeneration(DOMAIN_GENERATION)
                    .build());
            responses.onCompleted();
        }

        /** Who stands by takes over, and this node hears of it. */
        synchronized void takeOver() {
            session = ++revision;
            stream = line.waiting().getFirst().stream();
            line = new EmulatorLine(stream, List.of());
            apply(session);
            put(false, 0, line);
        }

        void apply(long sessionEpoch) {
            apply(sessionEpoch, () -> {});
        }

        private void apply(long sessionEpoch, Runnable applied) {
            int[] claims = new int[16];
            claims[0] = AccessFlags.ALL;
            ServerView view = new ServerView(
                    ServerScene.ID,
                    ServerScene.GENERATION,
                    ServerScene.PRINCIPAL,
                    true,
                    true,
                    5_000,
                    claims,
                    RangeSet.EMPTY,
                    RangeSet.EMPTY,
                    RangeSet.EMPTY,
                    sessionEpoch,
                    1,
                    revision,
                    0,
                    0,
                    EmulatorLine.NONE);
            server.tell(new ServerMessage.Apply(revision, view, Map.of(), false, List.of(), List.of(), applied));
        }
    }

    /** One stream of an emulator, driven by hand. */
    static final class Emulator implements ClientResponseObserver<AttachRequest, AttachResponse> {
        private final BlockingQueue<Object> heard = new LinkedBlockingQueue<>();
        final StreamObserver<AttachRequest> requests;

        @Nullable
        ClientCallStreamObserver<AttachRequest> call;

        Emulator(ManagedChannel channel, String principal) {
            io.grpc.Metadata headers = new io.grpc.Metadata();
            headers.put(Principals.METADATA, principal);
            requests = EmulatorServiceGrpc.newStub(channel)
                    .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
                    .attach(this);
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<AttachRequest> stream) {
            call = stream;
        }

        @Override
        public void onNext(AttachResponse response) {
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

        /** The next thing that was heard. */
        Object next() {
            try {
                Object next = heard.poll(60, TimeUnit.SECONDS);
                if (next == null) {
                    throw new AssertionError("heard nothing");
                }
                return next;
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        AttachResponse response() {
            if (next() instanceof AttachResponse response) {
                return response;
            }
            throw new AssertionError("the stream has ended");
        }
    }
}
