package io.trapline.coordinator.lease;

import io.grpc.stub.ServerCallStreamObserver;
import io.trapline.internal.v1.NodeSessionResponse;
import io.trapline.internal.v1.RegisterNode;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import java.util.ArrayDeque;

/**
 * The stream to one node. Only {@link NodeSessions} touches it, on its own thread.
 *
 * <p>What the transport does not take at once waits here, up to a bound: a node that does not read is cut off, and comes back for a
 * snapshot.
 */
final class NodeLink {
    private static final int MAX_WAITING = 4_096;
    private static final long MAX_WAITING_BYTES = 64L << 20;

    private final ServerCallStreamObserver<NodeSessionResponse> stream;
    private final RegisterNode registration;
    private final ArrayDeque<RegistryChange> waiting = new ArrayDeque<>();
    private long waitingBytes;
    private long sentRevision;
    private boolean admitted;
    private boolean ended;

    NodeLink(ServerCallStreamObserver<NodeSessionResponse> stream, RegisterNode registration) {
        this.stream = stream;
        this.registration = registration;
    }

    String node() {
        return registration.getNode();
    }

    RegisterNode registration() {
        return registration;
    }

    /** Whether it is in the registry and gets changes. */
    boolean isAdmitted() {
        return admitted && !ended;
    }

    /** The first message: the whole registry. */
    void admit(RegistryChange everything) {
        admitted = true;
        sentRevision = everything.getRevision();
        put(everything);
    }

    /** A later change; one that the snapshot includes is left out. False: the node does not read, and its stream has ended. */
    boolean send(RegistryChange change) {
        if (change.getRevision() <= sentRevision) {
            return true;
        }
        sentRevision = change.getRevision();
        put(change);
        if (waiting.size() > MAX_WAITING || (waitingBytes > MAX_WAITING_BYTES && waiting.size() > 1)) {
            end(Refusal.of(io.trapline.model.Errno.EAGAIN, "node " + node() + " does not read its changes"));
            return false;
        }
        return true;
    }

    private void put(RegistryChange change) {
        waiting.add(change);
        waitingBytes += change.getSerializedSize();
        flush();
    }

    /** Sends what the transport takes. */
    void flush() {
        while (!ended && !waiting.isEmpty() && stream.isReady()) {
            RegistryChange change = waiting.remove();
            waitingBytes -= change.getSerializedSize();
            stream.onNext(NodeSessionResponse.newBuilder().setChange(change).build());
        }
    }

    /** Lets the node send its next message. */
    void requestNext() {
        if (!ended) {
            stream.request(1);
        }
    }

    void end(Refusal refusal) {
        if (!ended) {
            ended = true;
            waiting.clear();
            stream.onError(Statuses.toException(refusal));
        }
    }

    /** The node has ended it, or its connection broke. */
    void gone() {
        if (!ended) {
            ended = true;
            waiting.clear();
            stream.onCompleted();
        }
    }
}
