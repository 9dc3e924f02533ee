package io.trapline.client;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.trapline.v1.IoreqServerServiceGrpc;
import io.trapline.v1.WatchClaimsRequest;
import io.trapline.v1.WatchClaimsResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The claims that stand, then every change of one (C8). A lost connection, or a reader that fell too far behind, makes the watch
 * begin again with the claims that stand: {@link #beginnings} counts that. For one reader at a time; {@link #close} from anywhere.
 */
public final class ClaimWatch implements AutoCloseable {
    private final TraplineConnection connection;
    private final WatchClaimsRequest request;
    private final Backoff backoff = new Backoff();
    private @Nullable Watching watching;
    private int beginnings;
    private volatile boolean isClosed;

    ClaimWatch(TraplineConnection connection, WatchClaimsRequest request) {
        this.connection = connection;
        this.request = request;
        connection.streams().add(this);
    }

    /**
     * The next message; empty when none came in that time or the watch is closed. Throws {@link TraplineException} where Trapline
     * refuses (ESRCH).
     */
    public Optional<WatchClaimsResponse> next(Duration timeout) throws InterruptedException {
        Callbacks.refuseToBlock("ClaimWatch.next");
        long deadlineNanos = System.nanoTime() + timeout.toNanos();
        while (!isClosed) {
            Watching now = watching();
            Object event = now.events.poll(Math.max(0, deadlineNanos - System.nanoTime()), TimeUnit.NANOSECONDS);
            if (event == null) {
                return Optional.empty();
            }
            if (event instanceof WatchClaimsResponse response) {
                now.call.request(1);
                backoff.reset();
                return Optional.of(response);
            }
            again(now, (Failure) event, deadlineNanos);
        }
        return Optional.empty();
    }

    /** How often the watch began: 1 at first, one more after each loss. */
    public synchronized int beginnings() {
        return beginnings;
    }

    @Override
    public void close() {
        isClosed = true;
        connection.streams().remove(this);
        synchronized (this) {
            if (watching != null) {
                watching.call.cancel("closed", null);
                watching.events.offer(new Failure(Optional.empty(), true));
            }
        }
    }

    private synchronized Watching watching() {
        if (watching == null) {
            beginnings++;
            watching = new Watching(connection.addresses().current());
        }
        return watching;
    }

    private void again(Watching ended, Failure failure, long deadlineNanos) throws InterruptedException {
        synchronized (this) {
            watching = null;
        }
        if (!failure.isLost()) {
            throw TraplineException.refused(failure.refusal().orElseThrow());
        }
        connection.addresses().failed(ended.channel);
        long leftMillis = TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime());
        TimeUnit.MILLISECONDS.sleep(Math.max(0, Math.min(backoff.nextMillis(), leftMillis)));
    }

    /** One stream; holds one message that was not read yet and its end. */
    private final class Watching extends ClientCall.Listener<WatchClaimsResponse> {
        private final BlockingQueue<Object> events = new ArrayBlockingQueue<>(4);
        private final Channel channel;
        private final ClientCall<WatchClaimsRequest, WatchClaimsResponse> call;

        Watching(Channel channel) {
            this.channel = channel;
            call = channel.newCall(IoreqServerServiceGrpc.getWatchClaimsMethod(), CallOptions.DEFAULT);
            call.start(this, new Metadata());
            call.sendMessage(request);
            call.halfClose();
            call.request(1);
        }

        @Override
        public void onMessage(WatchClaimsResponse message) {
            events.add(message);
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            events.offer(Failure.of(status.asRuntimeException(trailers)));
        }
    }
}
