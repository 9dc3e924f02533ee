package io.trapline.node.registry;

import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.trapline.internal.v1.NodeSessionRequest;
import io.trapline.internal.v1.NodeSessionResponse;
import io.trapline.internal.v1.RegisterNode;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.RegistryServiceGrpc.RegistryServiceStub;
import io.trapline.internal.v1.SessionActivity;
import java.util.List;
import java.util.Objects;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One stream to the coordinator: hands changes on as they come, at most {@link #WINDOW} before {@link #more} asks for another. What is sent is sent by
 * the registry's actor alone.
 */
final class NodeSession implements ClientResponseObserver<NodeSessionRequest, NodeSessionResponse> {
    /** Changes that may be under way at this node. */
    static final int WINDOW = 16;

    private final BiConsumer<NodeSession, RegistryChange> onChange;
    private final BiConsumer<NodeSession, Throwable> onLost;
    private @Nullable ClientCallStreamObserver<NodeSessionRequest> stream;

    private NodeSession(BiConsumer<NodeSession, RegistryChange> onChange, BiConsumer<NodeSession, Throwable> onLost) {
        this.onChange = onChange;
        this.onLost = onLost;
    }

    /**
     * Opens one and registers. Both consumers are called on the stream's threads, perhaps before this returns.
     *
     * @param onLost the stream has ended, or could not be opened; called once
     */
    static NodeSession open(
            RegistryServiceStub coordinator,
            RegisterNode register,
            BiConsumer<NodeSession, RegistryChange> onChange,
            BiConsumer<NodeSession, Throwable> onLost) {
        NodeSession session = new NodeSession(onChange, onLost);
        var _ = coordinator.nodeSession(session);
        session.send(NodeSessionRequest.newBuilder().setRegister(register));
        return session;
    }

    /** Another change may come. */
    void more() {
        stream().request(1);
    }

    /** All actors have applied everything up to this revision (rule 0). */
    void applied(long revision) {
        send(NodeSessionRequest.newBuilder().setAppliedRevision(revision));
    }

    /** A drain is done at this node (F5). */
    void drained(long revision) {
        send(NodeSessionRequest.newBuilder().setDrainedRevision(revision));
    }

    /** Client sessions that have called. */
    void active(List<Long> sessions) {
        send(NodeSessionRequest.newBuilder()
                .setActivity(SessionActivity.newBuilder().addAllSessions(sessions)));
    }

    /** The node ends. */
    void close() {
        stream().cancel("the node stops", null);
    }

    private void send(NodeSessionRequest.Builder message) {
        stream().onNext(message.build());
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
        onChange.accept(this, response.getChange());
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
