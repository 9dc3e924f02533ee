package io.trapline.node.peer;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.trapline.internal.v1.LinkHello;
import io.trapline.internal.v1.LinkRequest;
import io.trapline.internal.v1.LinkResponse;
import io.trapline.internal.v1.PeerServiceGrpc;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One connection to a peer: written to by its link's actor alone. Its name is resolved anew with each one. */
final class PeerConnection implements ClientResponseObserver<LinkRequest, LinkResponse> {
    private final ManagedChannel channel;
    private final BiConsumer<PeerConnection, LinkResponse> onResponse;
    private final Consumer<PeerConnection> onReady;
    private final BiConsumer<PeerConnection, Throwable> onLost;
    private @Nullable ClientCallStreamObserver<LinkRequest> stream;

    private PeerConnection(
            ManagedChannel channel,
            BiConsumer<PeerConnection, LinkResponse> onResponse,
            Consumer<PeerConnection> onReady,
            BiConsumer<PeerConnection, Throwable> onLost) {
        this.channel = channel;
        this.onResponse = onResponse;
        this.onReady = onReady;
        this.onLost = onLost;
    }

    /**
     * Opens one and says hello. The consumers are called on the connection's threads and must not block.
     *
     * @param channel of its own; closed with it
     * @param onLost it has ended, or could not be opened; called once
     */
    static PeerConnection open(
            ManagedChannel channel,
            LinkHello hello,
            BiConsumer<PeerConnection, LinkResponse> onResponse,
            Consumer<PeerConnection> onReady,
            BiConsumer<PeerConnection, Throwable> onLost) {
        PeerConnection connection = new PeerConnection(channel, onResponse, onReady, onLost);
        var _ = PeerServiceGrpc.newStub(channel).link(connection);
        connection.send(LinkRequest.newBuilder().setHello(hello).build());
        return connection;
    }

    void send(LinkRequest request) {
        stream().onNext(request);
    }

    boolean isReady() {
        return stream().isReady();
    }

    /** Nothing comes of it any more that its link's actor would listen to. */
    void close() {
        stream().cancel("the link has given the connection up", null);
        channel.shutdownNow();
    }

    private ClientCallStreamObserver<LinkRequest> stream() {
        return Objects.requireNonNull(stream, "before the stream is open");
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<LinkRequest> requests) {
        stream = requests;
        requests.setOnReadyHandler(() -> onReady.accept(this));
    }

    @Override
    public void onNext(LinkResponse response) {
        onResponse.accept(this, response);
    }

    @Override
    public void onError(Throwable why) {
        channel.shutdownNow();
        onLost.accept(this, why);
    }

    @Override
    public void onCompleted() {
        onError(Status.UNAVAILABLE
                .withDescription("the peer has ended the connection")
                .asRuntimeException());
    }
}
