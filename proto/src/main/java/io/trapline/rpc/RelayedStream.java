package io.trapline.rpc;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/** A call whose client sends a stream: passed on as it comes, and not kept, so that it is tried at one coordinator only. */
final class RelayedStream<Q, R> extends ServerCall.Listener<Q> implements ControlRelay.UnderWay {
    private final ControlRelay relay;
    private final ServerCall<Q, R> client;
    private final ClientCall<Q, R> leader;

    // Guarded by this.
    private boolean isAnswering;
    private boolean isOver;
    private boolean isTaking;
    private boolean isReading;

    private RelayedStream(ControlRelay relay, ServerCall<Q, R> client, ClientCall<Q, R> leader) {
        this.relay = relay;
        this.client = client;
        this.leader = leader;
    }

    static <Q, R> RelayedStream<Q, R> open(
            ControlRelay relay, ServerCall<Q, R> client, Metadata headers, @Nullable Deadline deadline) {
        CallOptions options = deadline == null ? CallOptions.DEFAULT : CallOptions.DEFAULT.withDeadline(deadline);
        ClientCall<Q, R> leader =
                relay.coordinators().current().channel().newCall(client.getMethodDescriptor(), options);
        RelayedStream<Q, R> stream = new RelayedStream<>(relay, client, leader);
        relay.begins(stream);
        Context.ROOT.run(() -> leader.start(stream.new FromLeader(), headers));
        stream.takeMore();
        stream.readMore();
        return stream;
    }

    @Override
    public void tick(long nowNanos) {}

    @Override
    public synchronized void breakOff() {
        if (over()) {
            leader.cancel("this process ends", null);
            client.close(Status.UNAVAILABLE.withDescription("this process ends"), new Metadata());
        }
    }

    @Override
    public synchronized void onMessage(Q message) {
        isReading = false;
        if (!isOver) {
            leader.sendMessage(message);
            readMore();
        }
    }

    @Override
    public synchronized void onHalfClose() {
        if (!isOver) {
            leader.halfClose();
        }
    }

    @Override
    public synchronized void onCancel() {
        if (over()) {
            leader.cancel("the client has gone", null);
        }
    }

    @Override
    public synchronized void onReady() {
        takeMore();
    }

    private synchronized void readMore() {
        if (!isReading && !isOver && leader.isReady()) {
            isReading = true;
            client.request(1);
        }
    }

    private synchronized void takeMore() {
        if (!isTaking && !isOver && client.isReady()) {
            isTaking = true;
            leader.request(1);
        }
    }

    // Called with the lock held.
    private boolean over() {
        boolean first = !isOver;
        isOver = true;
        if (first) {
            relay.ends(this);
        }
        return first;
    }

    private final class FromLeader extends ClientCall.Listener<R> {
        private Metadata headers = new Metadata();

        @Override
        public void onHeaders(Metadata received) {
            headers = ControlRelay.stripped(received);
        }

        @Override
        public void onMessage(R message) {
            synchronized (RelayedStream.this) {
                if (isOver) {
                    return;
                }
                answer();
                client.sendMessage(message);
                isTaking = false;
                takeMore();
            }
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            synchronized (RelayedStream.this) {
                if (over()) {
                    if (status.isOk()) {
                        answer();
                    }
                    client.close(ControlRelay.taken(status), ControlRelay.stripped(trailers));
                }
            }
        }

        @Override
        public void onReady() {
            readMore();
        }

        // Called with the lock held.
        private void answer() {
            if (!isAnswering) {
                isAnswering = true;
                client.sendHeaders(headers);
            }
        }
    }
}
