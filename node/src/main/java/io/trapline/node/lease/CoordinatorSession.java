package io.trapline.node.lease;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.trapline.internal.v1.NodeSessionRequest;
import io.trapline.internal.v1.NodeSessionResponse;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.RegistryServiceGrpc;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One stream to one coordinator, on a connection of its own: so its address is resolved anew each time. What is sent is sent by the link's actor
 * alone; at most {@link #WINDOW} messages are under way before {@link #more} asks for another.
 */
final class CoordinatorSession implements ClientResponseObserver<NodeSessionRequest, NodeSessionResponse> {
    /** Messages that may be under way at this node. */
    static final int WINDOW = 16;

    private final String address;
    private final ManagedChannel channel;
    private final BiConsumer<CoordinatorSession, NodeSessionResponse> onHeard;
    private final BiConsumer<CoordinatorSession, Throwable> onLost;
    private @Nullable ClientCallStreamObserver<NodeSessionRequest> stream;
    /** The parts so far of a change whose rest follows; the actor's. */
    private RegistryChange.@Nullable Builder parts;

    private boolean admitted;

    private CoordinatorSession(
            String address,
            ManagedChannel channel,
            BiConsumer<CoordinatorSession, NodeSessionResponse> onHeard,
            BiConsumer<CoordinatorSession, Throwable> onLost) {
        this.address = address;
        this.channel = channel;
        this.onHeard = onHeard;
        this.onLost = onLost;
    }

    /**
     * Opens one. Both consumers are called on the stream's threads, perhaps before this returns.
     *
     * @param first what registers this life
     * @param onLost the stream has ended, or could not be opened; called once
     */
    static CoordinatorSession open(
            String address,
            ManagedChannel channel,
            NodeSessionRequest first,
            BiConsumer<CoordinatorSession, NodeSessionResponse> onHeard,
            BiConsumer<CoordinatorSession, Throwable> onLost) {
        CoordinatorSession session = new CoordinatorSession(address, channel, onHeard, onLost);
        var _ = RegistryServiceGrpc.newStub(channel).nodeSession(session);
        session.send(first);
        return session;
    }

    String address() {
        return address;
    }

    /** For the commands that go to the same coordinator. */
    ManagedChannel channel() {
        return channel;
    }

    boolean isAdmitted() {
        return admitted;
    }

    /** The coordinator leads, as far as it knows, and knows this life. */
    void admit() {
        admitted = true;
    }

    /** Puts the parts of a change together; empty while its rest is to follow. */
    Optional<RegistryChange> whole(RegistryChange part) {
        RegistryChange.Builder before = parts;
        if (before == null && !part.getMore()) {
            return Optional.of(part);
        }
        RegistryChange.Builder all = before == null ? RegistryChange.newBuilder() : before;
        all.mergeFrom(part);
        parts = part.getMore() ? all : null;
        return part.getMore() ? Optional.empty() : Optional.of(all.clearMore().build());
    }

    /** Another message may come. Any thread. */
    void more() {
        stream().request(1);
    }

    void send(NodeSessionRequest message) {
        stream().onNext(message);
    }

    /** Ends it. Commands that are under way on its connection go on. */
    void close() {
        stream().cancel("the node has no use for it any more", null);
        channel.shutdown();
    }

    private ClientCallStreamObserver<NodeSessionRequest> stream() {
        return Objects.requireNonNull(stream, "before the stream is open");
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<NodeSessionRequest> requests) {
        stream = requests;
        requests.disableAutoRequestWithInitial(WINDOW);
    }

    @Override
    public void onNext(NodeSessionResponse response) {
        onHeard.accept(this, response);
    }

    @Override
    public void onError(Throwable why) {
        onLost.accept(this, why);
    }

    @Override
    public void onCompleted() {
        onLost.accept(
                this,
                Status.UNAVAILABLE
                        .withDescription("the coordinator has ended the session")
                        .asRuntimeException());
    }
}
