package io.trapline.node.memory;

import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.MetadataUtils;
import io.trapline.model.Refusal;
import io.trapline.node.fixture.Gates;
import io.trapline.node.fixture.Shards;
import io.trapline.node.protocol.CallAnswer;
import io.trapline.node.protocol.EmulatorLine;
import io.trapline.node.protocol.Life;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.protocol.TypesMessage;
import io.trapline.node.registry.ClientSessions;
import io.trapline.node.registry.DomainHandle;
import io.trapline.node.registry.NodeDirectory;
import io.trapline.node.registry.ServerHandle;
import io.trapline.node.types.TypeCalls;
import io.trapline.rpc.Principals;
import io.trapline.rpc.Statuses;
import io.trapline.v1.MemoryServiceGrpc;
import io.trapline.v1.MemoryServiceGrpc.MemoryServiceBlockingStub;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** The memory service over real shards, with one server whose gate the test opens and closes, and open client session 5. */
final class MemoryFixture implements AutoCloseable {
    private static final Life SELF = new Life("n1", 1);
    static final int DOM = 7;
    static final long DOM_GEN = 20;
    static final int CRASHED = 8;
    static final int SERVER = 3;
    static final long SERVER_GEN = 40;
    static final String MEDIATOR = "mediator";
    static final long SESSION = 5;

    final Shards shards;
    final NodeDirectory directory = new NodeDirectory(Gates.open());
    final ClientSessions sessions = new ClientSessions();
    final MemoryGrpc service = new MemoryGrpc(directory, sessions);
    /** What the server was asked to pass. */
    final List<ServerMessage.Gated> gated = new CopyOnWriteArrayList<>();

    volatile Optional<Refusal> gate = Optional.empty();
    private final Server server;
    private final ManagedChannel channel;

    MemoryFixture(ActorTestKit kit, Shards shards) throws IOException {
        this.shards = shards;
        sessions.change(10, List.of(SESSION), List.of());
        directory.put(domain(kit, DOM, false));
        directory.put(domain(kit, CRASHED, true));
        String name = InProcessServerBuilder.generateName();
        server = InProcessServerBuilder.forName(name)
                .directExecutor()
                .intercept(new Principals())
                .addService(service)
                .build()
                .start();
        channel = InProcessChannelBuilder.forName(name).directExecutor().build();
    }

    private DomainHandle domain(ActorTestKit kit, int domid, boolean crashed) {
        ActorRef<ServerMessage> actor = kit.spawn(Behaviors.receiveMessage(message -> {
            if (message instanceof ServerMessage.Gated asked) {
                gated.add(asked);
                if (gate.isEmpty()) {
                    asked.tells()
                            .forEach(tell -> shards.routes.get(tell.shard()).tell(tell.message()));
                }
                shards.calls.tell(new CallAnswer.GatePassed(asked.call(), gate));
            }
            return Behaviors.same();
        }));
        ActorRef<TypesMessage> types =
                kit.spawn(TypeCalls.create(domid, shards.map, shards.routes, shards.calls, SELF, 5));
        types.tell(new TypesMessage.Servers(Map.of(SERVER, new TypesMessage.KnownServer(SERVER_GEN, actor::tell))));
        return new DomainHandle(
                domid,
                DOM_GEN,
                shards.map.size() * Shards.PAGES,
                4,
                nobody -> {},
                shards.map,
                shards.routes,
                types::tell,
                new DomainHandle.Here(List.of(), nobody -> {}),
                Map.of(
                        SERVER,
                        new ServerHandle(SERVER, SERVER_GEN, MEDIATOR, 0, EmulatorLine.NONE, actor::tell, actor::tell)),
                crashed,
                shards.calls);
    }

    MemoryServiceBlockingStub as(String principal) {
        Metadata headers = new Metadata();
        headers.put(Principals.METADATA, principal);
        ClientInterceptor named = MetadataUtils.newAttachHeadersInterceptor(headers);
        return MemoryServiceGrpc.newBlockingStub(channel).withInterceptors(named);
    }

    MemoryServiceGrpc.MemoryServiceFutureStub async() {
        return MemoryServiceGrpc.newFutureStub(channel);
    }

    /** Why a call is refused. */
    static Refusal refusal(Runnable call) {
        try {
            call.run();
        } catch (StatusRuntimeException refused) {
            return Statuses.fromThrowable(refused).orElseThrow(() -> refused);
        }
        throw new AssertionError("not refused");
    }

    @Override
    public void close() {
        channel.shutdownNow();
        server.shutdownNow();
    }
}
