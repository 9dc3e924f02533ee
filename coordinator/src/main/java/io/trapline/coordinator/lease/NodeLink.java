package io.trapline.coordinator.lease;

import io.grpc.stub.ServerCallStreamObserver;
import io.trapline.internal.v1.Admission;
import io.trapline.internal.v1.Grant;
import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.NodeSessionResponse;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.SessionActivity;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import java.util.ArrayDeque;
import java.util.List;

/**
 * The stream to one life of a node. Only {@link LeaseKeeper} touches it, on its own thread.
 *
 * <p>What the transport does not take at once waits here, up to a bound: a node that does not read is cut off, and comes back for what it
 * lacks.
 */
final class NodeLink {
    private static final int MAX_WAITING = 4_096;
    private static final long MAX_WAITING_BYTES = 64L << 20;

    private final ServerCallStreamObserver<NodeSessionResponse> stream;
    private final NodeLife life;
    private final long knownRevision;
    private final ArrayDeque<NodeSessionResponse> waiting = new ArrayDeque<>();
    private long waitingBytes;
    private long sentRevision;
    // What it began with waits beside the bound.
    private int begunWith;
    private long begunWithBytes;
    private boolean toldToWait;
    private boolean admitted;
    private boolean ended;

    /** @param knownRevision up to where the life knows the registry; 0 = it knows nothing */
    NodeLink(ServerCallStreamObserver<NodeSessionResponse> stream, NodeLife life, long knownRevision) {
        this.stream = stream;
        this.life = life;
        this.knownRevision = knownRevision;
    }

    ServerCallStreamObserver<NodeSessionResponse> stream() {
        return stream;
    }

    NodeLife life() {
        return life;
    }

    long knownRevision() {
        return knownRevision;
    }

    /** Whether it gets changes. */
    boolean isAdmitted() {
        return admitted && !ended;
    }

    /** Whether the node has been told to wait, and may have sent something since. */
    boolean isToldToWait() {
        return toldToWait;
    }

    /** Says that an earlier life of the node has to end first. */
    void keepWaiting(Admission admission) {
        toldToWait = true;
        put(NodeSessionResponse.newBuilder().setAdmitted(admission).build());
    }

    /** The registry: all of it, or what is new since what the life knows. */
    void admit(Admission admission, List<RegistryChange> changes) {
        admitted = true;
        sentRevision = knownRevision;
        put(NodeSessionResponse.newBuilder().setAdmitted(admission).build());
        for (RegistryChange change : changes) {
            put(change);
        }
        begunWith = waiting.size();
        begunWithBytes = waitingBytes;
    }

    /** A later change; one that it was sent already is left out. */
    void send(RegistryChange change) {
        if (change.getRevision() > sentRevision) {
            put(change);
            cutOffWhereItDoesNotRead();
        }
    }

    /** What clients have acknowledged. */
    void send(SessionActivity acknowledged) {
        put(NodeSessionResponse.newBuilder().setAcknowledged(acknowledged).build());
        cutOffWhereItDoesNotRead();
    }

    void grant(Grant grant) {
        put(NodeSessionResponse.newBuilder().setGranted(grant).build());
        cutOffWhereItDoesNotRead();
    }

    private void put(RegistryChange change) {
        sentRevision = change.getRevision();
        ChangeParts.of(change, ChangeParts.MAX_BYTES)
                .forEach(part ->
                        put(NodeSessionResponse.newBuilder().setChange(part).build()));
    }

    private void put(NodeSessionResponse response) {
        if (!ended) {
            waiting.add(response);
            waitingBytes += response.getSerializedSize();
            flush();
        }
    }

    private void cutOffWhereItDoesNotRead() {
        if (waiting.size() > MAX_WAITING + begunWith
                || (waitingBytes > MAX_WAITING_BYTES + begunWithBytes && waiting.size() > 1)) {
            end(Refusal.of(Errno.EAGAIN, "node " + life.getNode() + " does not read its changes"));
        }
    }

    /** Sends what the transport takes. */
    void flush() {
        while (!ended && !waiting.isEmpty() && stream.isReady()) {
            NodeSessionResponse response = waiting.remove();
            waitingBytes -= response.getSerializedSize();
            stream.onNext(response);
        }
    }

    /** Lets the node send its next message. */
    void requestNext() {
        if (!ended) {
            stream.request(1);
        }
    }

    boolean hasEnded() {
        return ended;
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
