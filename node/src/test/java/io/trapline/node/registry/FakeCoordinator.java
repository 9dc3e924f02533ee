package io.trapline.node.registry;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import io.trapline.internal.v1.NodeSessionRequest;
import io.trapline.internal.v1.NodeSessionResponse;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.RegistryServiceGrpc;
import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A coordinator that says what the test wants, one session at a time. */
final class FakeCoordinator extends RegistryServiceGrpc.RegistryServiceImplBase implements AutoCloseable {
    private final BlockingQueue<NodeSessionRequest> heard = new LinkedBlockingQueue<>();
    private final BlockingQueue<StreamObserver<NodeSessionResponse>> sessions = new LinkedBlockingQueue<>();
    private final Server server;
    final ManagedChannel channel;

    FakeCoordinator() throws IOException {
        String name = InProcessServerBuilder.generateName();
        server = InProcessServerBuilder.forName(name)
                .directExecutor()
                .addService(this)
                .build()
                .start();
        channel = InProcessChannelBuilder.forName(name).directExecutor().build();
    }

    @Override
    public StreamObserver<NodeSessionRequest> nodeSession(StreamObserver<NodeSessionResponse> toNode) {
        sessions.add(toNode);
        return new StreamObserver<>() {
            @Override
            public void onNext(NodeSessionRequest request) {
                heard.add(request);
            }

            @Override
            public void onError(Throwable lost) {
                toNode.onError(Status.CANCELLED.asRuntimeException());
            }

            @Override
            public void onCompleted() {
                toNode.onCompleted();
            }
        };
    }

    /** Waits for a node's session. */
    Session session() throws InterruptedException {
        StreamObserver<NodeSessionResponse> stream = sessions.poll(20, TimeUnit.SECONDS);
        if (stream == null) {
            throw new AssertionError("no node came");
        }
        return new Session(stream);
    }

    /** Whether a node has come. */
    boolean hasSession() {
        return !sessions.isEmpty();
    }

    /** What the node says next. */
    NodeSessionRequest next() throws InterruptedException {
        NodeSessionRequest request = heard.poll(20, TimeUnit.SECONDS);
        if (request == null) {
            throw new AssertionError("the node says nothing");
        }
        return request;
    }

    /** Whether the node has said something that nobody has listened to. */
    boolean hasMore() {
        return !heard.isEmpty();
    }

    @Override
    public void close() {
        channel.shutdownNow();
        server.shutdownNow();
    }

    /** One session, from the coordinator's side. */
    record Session(StreamObserver<NodeSessionResponse> stream) {
        void tell(RegistryChange.Builder change) {
            stream.onNext(NodeSessionResponse.newBuilder().setChange(change).build());
        }

        void cut() {
            stream.onError(Status.UNAVAILABLE.asRuntimeException());
        }
    }
}
