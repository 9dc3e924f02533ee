package io.trapline.server;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What no service meant to throw ends its call, and that call alone, with {@code INTERNAL} and nothing of our inside; the log has the
 * rest. The same goes for a status that nobody chose ({@code UNKNOWN}). Bytes that are no message ({@link LenientRequests}) end their call with
 * {@code EINVAL}. To the service each of these looks as if its client had gone.
 */
final class UnexpectedErrors implements ServerInterceptor {
    private static final Logger LOG = LoggerFactory.getLogger(UnexpectedErrors.class);
    private static final Status SHOWN = Status.INTERNAL.withDescription("internal error: the server's log says more");

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        GuardedCall<Q, R> guarded = new GuardedCall<>(call);
        try {
            return new GuardedListener<>(next.startCall(guarded, headers), guarded);
        } catch (RuntimeException unexpected) {
            guarded.fail(unexpected);
            return new ServerCall.Listener<>() {};
        }
    }

    private static final class GuardedCall<Q, R> extends SimpleForwardingServerCall<Q, R> {
        private boolean closed;

        GuardedCall(ServerCall<Q, R> call) {
            super(call);
        }

        // Services send and close from threads of their own, and a call may be ended here at the same time.
        @Override
        public synchronized void close(Status status, Metadata trailers) {
            if (closed) {
                return;
            }
            closed = true;
            if (status.getCode() == Status.Code.UNKNOWN) {
                LOG.error("{} ended unexpectedly", method(), status.asException(trailers));
                super.close(SHOWN, new Metadata());
            } else {
                super.close(status, trailers);
            }
        }

        // What a service still sends on a call that was ended here is for nobody.
        @Override
        public synchronized void sendHeaders(Metadata headers) {
            if (!closed) {
                super.sendHeaders(headers);
            }
        }

        @Override
        public synchronized void sendMessage(R message) {
            if (!closed) {
                super.sendMessage(message);
            }
        }

        void refuseMalformed() {
            StatusRuntimeException refusal = Statuses.toException(Refusal.invalid(
                    "message",
                    "bytes",
                    "not a message of the contract, or over " + Limit.MAX_MESSAGE_BYTES.value() + " bytes"));
            Metadata trailers = refusal.getTrailers();
            close(refusal.getStatus(), trailers == null ? new Metadata() : trailers);
        }

        void fail(RuntimeException unexpected) {
            if (!isCancelled()) {
                LOG.error("{} failed unexpectedly", method(), unexpected);
            }
            close(SHOWN, new Metadata());
        }

        private String method() {
            return getMethodDescriptor().getFullMethodName();
        }
    }

    private static final class GuardedListener<Q> extends SimpleForwardingServerCallListener<Q> {
        private final GuardedCall<Q, ?> call;
        /** Nothing that comes is for the service any more. Callbacks of a call come one at a time. */
        private boolean over;

        GuardedListener(ServerCall.Listener<Q> listener, GuardedCall<Q, ?> call) {
            super(listener);
            this.call = call;
        }

        @Override
        public void onMessage(@Nullable Q message) {
            if (message == null) {
                call.refuseMalformed();
                giveUp();
            } else {
                guard(() -> super.onMessage(message));
            }
        }

        @Override
        public void onHalfClose() {
            guard(super::onHalfClose);
        }

        @Override
        public void onCancel() {
            guard(super::onCancel);
        }

        @Override
        public void onComplete() {
            guard(super::onComplete);
        }

        @Override
        public void onReady() {
            guard(super::onReady);
        }

        private void guard(Runnable callback) {
            if (over) {
                return;
            }
            try {
                callback.run();
            } catch (RuntimeException unexpected) {
                call.fail(unexpected);
                giveUp();
            }
        }

        /** The service is told that its client has gone. */
        private void giveUp() {
            if (over) {
                return;
            }
            over = true;
            try {
                super.onCancel();
            } catch (RuntimeException unexpected) {
                call.fail(unexpected);
            }
        }
    }
}
