package io.trapline.embedded;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What no service meant to throw ends its call, and that call alone, with {@code INTERNAL} and nothing of our inside; the log has the
 * rest. The same goes for a status that nobody chose ({@code UNKNOWN}).
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

        // Services close their calls from threads of their own too.
        @Override
        public void close(Status status, Metadata trailers) {
            synchronized (this) {
                if (closed) {
                    return;
                }
                closed = true;
            }
            if (status.getCode() == Status.Code.UNKNOWN) {
                LOG.error("{} ended unexpectedly", method(), status.asException(trailers));
                super.close(SHOWN, new Metadata());
            } else {
                super.close(status, trailers);
            }
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

        GuardedListener(ServerCall.Listener<Q> listener, GuardedCall<Q, ?> call) {
            super(listener);
            this.call = call;
        }

        @Override
        public void onMessage(Q message) {
            guard(() -> super.onMessage(message));
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
            try {
                callback.run();
            } catch (RuntimeException unexpected) {
                call.fail(unexpected);
            }
        }
    }
}
