package io.trapline.fuzz;

import com.google.protobuf.Message;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.trapline.rpc.Principals;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Sends unary calls, many at a time, each with a deadline. Used by one thread. */
final class UnaryLoad {
    private static final int UNDER_WAY = 128;
    private static final long DEADLINE_SECONDS = 180;

    private final Channel channel;
    private final Map<String, Channel> byPrincipal = new HashMap<>();
    private final Semaphore places = new Semaphore(UNDER_WAY);
    private long sent;

    UnaryLoad(Channel channel) {
        this.channel = channel;
    }

    /** The same connection for calls of a principal. */
    static Channel as(String principal, Channel channel) {
        Metadata metadata = new Metadata();
        metadata.put(Principals.METADATA, principal);
        return ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(metadata));
    }

    /** Sends one; {@code outcome} gets nothing for OK, and why otherwise, on the connection's thread. */
    void send(
            MethodDescriptor<Message, Message> method,
            Message request,
            String principal,
            Consumer<Optional<Throwable>> outcome)
            throws InterruptedException {
        places.acquire();
        sent++;
        Channel own = principal.length() > 20
                ? as(principal, channel)
                : byPrincipal.computeIfAbsent(principal, name -> as(name, channel));
        CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
        ClientCalls.asyncUnaryCall(own.newCall(method, options), request, new Outcome(outcome));
    }

    /** Waits for every outcome. */
    void await() throws InterruptedException {
        places.acquire(UNDER_WAY);
        places.release(UNDER_WAY);
    }

    long sent() {
        return sent;
    }

    private final class Outcome implements StreamObserver<Message> {
        private final Consumer<Optional<Throwable>> consumer;
        private @Nullable Message response;

        Outcome(Consumer<Optional<Throwable>> consumer) {
            this.consumer = consumer;
        }

        @Override
        public void onNext(Message message) {
            response = message;
        }

        @Override
        public void onError(Throwable failure) {
            end(Optional.of(failure));
        }

        @Override
        public void onCompleted() {
            end(response == null ? Optional.of(new IllegalStateException("OK without a response")) : Optional.empty());
        }

        private void end(Optional<Throwable> failure) {
            try {
                consumer.accept(failure);
            } finally {
                places.release();
            }
        }
    }
}
