package io.trapline.rpc;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.rpc.RelayRetry.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One call with one request, from its first attempt at a coordinator to its answer. Attempts come one after the other; nothing of one that
 * is over is believed. What has begun to be answered is not tried again: a watch ends with EAGAIN, and its client begins another.
 */
final class RelayedCall<Q, R> extends ServerCall.Listener<Q> implements ControlRelay.UnderWay {
    /** How long a coordinator that does not answer is taken for one that works on the call. */
    private static final Duration QUIET = Duration.ofMillis(300);

    private static final Duration ASK_LONGEST = Duration.ofSeconds(1);
    /** How long a leader that was replaced may still answer. */
    private static final Duration REPLACED = Duration.ofMillis(800);

    private final ControlRelay relay;
    private final ServerCall<Q, R> client;
    private final Metadata headers;
    private final @Nullable Deadline deadline;

    // Guarded by this.
    private @Nullable Q request;
    private long requestBytes;
    private boolean isRepeatable;
    private RelayRetry retry = new RelayRetry(false);
    private @Nullable Attempt attempt;
    private Optional<Refusal> lastRefusal = Optional.empty();
    private boolean isAnswering;
    private boolean isOver;

    RelayedCall(ControlRelay relay, ServerCall<Q, R> client, Metadata headers, @Nullable Deadline deadline) {
        this.relay = relay;
        this.client = client;
        this.headers = headers;
        this.deadline = deadline;
        // One more than there may be, so that a client that sends more is noticed.
        client.request(2);
    }

    @Override
    public synchronized void onMessage(Q message) {
        if (isOver) {
            return;
        }
        if (request != null) {
            end(Status.INTERNAL.withDescription("more than one request"), new Metadata());
            return;
        }
        request = message;
        requestBytes = bytesOf(message);
        if (!relay.take(requestBytes)) {
            requestBytes = 0;
            refuse(Refusal.of(Errno.EAGAIN, "too many bytes of calls are on their way to the leader")
                    .with("effect", "none"));
        }
    }

    private long bytesOf(Q message) {
        try (InputStream bytes = client.getMethodDescriptor().streamRequest(message)) {
            return bytes.available();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    @Override
    public synchronized void onHalfClose() {
        Q complete = request;
        if (isOver) {
            return;
        }
        if (complete == null) {
            end(Status.INTERNAL.withDescription("no request"), new Metadata());
            return;
        }
        isRepeatable = Repeatable.is(client.getMethodDescriptor(), complete);
        retry = new RelayRetry(isRepeatable);
        relay.begins(this);
        begin();
    }

    @Override
    public synchronized void onCancel() {
        over();
    }

    @Override
    public synchronized void onReady() {
        Attempt now = attempt;
        if (now != null) {
            now.takeMore();
        }
    }

    @Override
    public synchronized void tick(long nowNanos) {
        Attempt now = attempt;
        if (isOver || now == null) {
            return;
        }
        if (nowNanos - now.askAtNanos >= 0) {
            now.askEveryNanos = Math.min(ASK_LONGEST.toNanos(), now.askEveryNanos * 2);
            now.askAtNanos = nowNanos + now.askEveryNanos;
            relay.coordinators().ask(nowNanos);
        }
        if (relay.coordinators().isElsewhere(now.target.address(), REPLACED, nowNanos)
                && (isAnswering || isRepeatable || !now.reached.isReached())) {
            attempt = null;
            now.call.cancel("another coordinator leads", null);
            failed(now.reached.isReached() ? Failure.BROKEN : Failure.NOT_REACHED);
        }
    }

    @Override
    public synchronized void breakOff() {
        end(Status.UNAVAILABLE.withDescription("this process ends"), new Metadata());
    }

    // Called with the lock held.
    private void begin() {
        Q complete = request;
        if (isOver || complete == null) {
            return;
        }
        long nowNanos = System.nanoTime();
        retry.begun(nowNanos);
        Attempt next = new Attempt(relay.coordinators().current(), nowNanos);
        attempt = next;
        next.begin(complete);
    }

    // Called with the lock held.
    private void failed(Failure failure) {
        if (isAnswering) {
            refuse(Refusal.of(Errno.EAGAIN, "the coordinator that answered leads no more: ask again"));
            return;
        }
        long left = deadline == null ? RelayRetry.NO_DEADLINE : deadline.timeRemaining(TimeUnit.NANOSECONDS);
        switch (retry.failed(System.nanoTime(), failure, left)) {
            case AGAIN -> relay.after(retry.delayNanos(), this::again);
            case GIVE_UP ->
                refuse(lastRefusal.orElseGet(
                        () -> Refusal.of(Errno.EAGAIN, "no coordinator leads").with("effect", "none")));
            // Without reasons of ours: whether it was carried out is not known (section E).
            case GIVE_UP_UNKNOWN ->
                end(
                        Status.UNAVAILABLE.withDescription(
                                "the coordinator that worked on it was lost: it may have been carried out"),
                        new Metadata());
        }
    }

    private synchronized void again() {
        begin();
    }

    // Called with the lock held.
    private void refuse(Refusal refusal) {
        if (over()) {
            ControlRelay.refuse(client, refusal);
        }
    }

    // Called with the lock held.
    private void end(Status status, Metadata trailers) {
        if (over()) {
            client.close(status, trailers);
        }
    }

    // Called with the lock held.
    private boolean over() {
        if (isOver) {
            return false;
        }
        isOver = true;
        relay.ends(this);
        relay.giveBack(requestBytes);
        request = null;
        Attempt last = attempt;
        attempt = null;
        if (last != null) {
            last.call.cancel("the relayed call is over", null);
        }
        return true;
    }

    /** The call at one coordinator. */
    private final class Attempt extends ClientCall.Listener<R> {
        private final Coordinators.Target target;
        private final ReachedHost reached = new ReachedHost();
        private final ClientCall<Q, R> call;
        private long askEveryNanos = QUIET.toNanos();
        private long askAtNanos;
        private Metadata answerHeaders = new Metadata();
        private boolean isTaking;

        Attempt(Coordinators.Target target, long nowNanos) {
            this.target = target;
            this.askAtNanos = nowNanos + askEveryNanos;
            CallOptions options = CallOptions.DEFAULT.withStreamTracerFactory(reached);
            this.call = target.channel()
                    .newCall(client.getMethodDescriptor(), deadline == null ? options : options.withDeadline(deadline));
        }

        /** May end at once. */
        void begin(Q complete) {
            Metadata copy = new Metadata();
            copy.merge(headers);
            // Its end is told by this class, not by what the caller's thread happens to be in.
            Context.ROOT.run(() -> call.start(this, copy));
            isTaking = true;
            call.request(1);
            call.sendMessage(complete);
            call.halfClose();
        }

        /** Asks for another message, where the client takes it. */
        void takeMore() {
            if (!isTaking && client.isReady()) {
                isTaking = true;
                call.request(1);
            }
        }

        @Override
        public void onHeaders(Metadata received) {
            synchronized (RelayedCall.this) {
                answerHeaders = ControlRelay.stripped(received);
            }
        }

        @Override
        public void onMessage(R message) {
            synchronized (RelayedCall.this) {
                if (isOver || attempt != this) {
                    return;
                }
                if (!isAnswering) {
                    isAnswering = true;
                    client.sendHeaders(answerHeaders);
                }
                client.sendMessage(message);
                isTaking = false;
                takeMore();
            }
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            synchronized (RelayedCall.this) {
                if (isOver || attempt != this) {
                    return;
                }
                attempt = null;
                closed(ControlRelay.taken(status), trailers);
            }
        }

        // Called with the lock held.
        private void closed(Status status, Metadata trailers) {
            if (status.isOk()) {
                if (!isAnswering) {
                    client.sendHeaders(answerHeaders);
                }
                end(status, ControlRelay.stripped(trailers));
                return;
            }
            Optional<Refusal> refusal = Statuses.fromThrowable(status.asRuntimeException(trailers));
            boolean isWithoutEffect =
                    refusal.filter(RelayedCall::isWithoutEffect).isPresent();
            if (isAnswering ? refusal.isPresent() : refusal.isPresent() && !isWithoutEffect) {
                end(status, ControlRelay.stripped(trailers));
            } else if (isWithoutEffect) {
                lastRefusal = refusal;
                elsewhere(refusal.orElseThrow());
                failed(Failure.NOT_CARRIED_OUT);
            } else if (status.getCode() == Status.Code.UNAVAILABLE) {
                relay.coordinators().failed(target.address(), System.nanoTime());
                relay.coordinators().ask(System.nanoTime());
                failed(reached.isReached() ? Failure.BROKEN : Failure.NOT_REACHED);
            } else {
                end(status, ControlRelay.stripped(trailers));
            }
        }

        private void elsewhere(Refusal refusal) {
            String leader = refusal.metadata().getOrDefault("leader", "");
            long nowNanos = System.nanoTime();
            if (leader.equals(target.address()) || refusal.metadata().containsKey(ControlRelay.NO_COORDINATOR)) {
                relay.coordinators().mistaken(target.address(), nowNanos);
            }
            if (leader.isEmpty() || leader.equals(target.address())) {
                relay.coordinators().failed(target.address(), nowNanos);
                relay.coordinators().ask(nowNanos);
            } else {
                relay.coordinators().named(leader, nowNanos);
            }
        }
    }

    private static boolean isWithoutEffect(Refusal refusal) {
        return refusal.errno() == Errno.EAGAIN
                && refusal.metadata().getOrDefault("effect", "").equals("none");
    }
}
