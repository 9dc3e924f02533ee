package io.trapline.fuzz;

import com.google.protobuf.Message;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * One stream, its answers in a queue. Used by one thread.
 *
 * @param <Q> what is sent
 * @param <R> what is received
 */
final class Wire<Q extends Message, R extends Message> implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    /** What comes along it. */
    sealed interface Event<R> {
        /** A message. */
        record Received<R>(R message) implements Event<R> {}

        /** Its end; nothing for OK. */
        record Ended<R>(Optional<Throwable> failure) implements Event<R> {}
    }

    private final BlockingQueue<Event<R>> events = new LinkedBlockingQueue<>();
    private final ClientCallStreamObserver<Q> requests;

    private Wire(Channel channel, MethodDescriptor<Q, R> method) {
        ClientCall<Q, R> call = channel.newCall(method, CallOptions.DEFAULT);
        StreamObserver<Q> observer = method.getType() == MethodType.CLIENT_STREAMING
                ? ClientCalls.asyncClientStreamingCall(call, new Answers())
                : ClientCalls.asyncBidiStreamingCall(call, new Answers());
        requests = (ClientCallStreamObserver<Q>) observer;
    }

    /** One to which both sides, or only this one, send. */
    static <Q extends Message, R extends Message> Wire<Q, R> open(Channel channel, MethodDescriptor<Q, R> method) {
        return new Wire<>(channel, method);
    }

    /** One to which only the other side sends, after the request. */
    static <Q extends Message, R extends Message> Wire<Q, R> ask(
            Channel channel, MethodDescriptor<Q, R> method, Q request) {
        Wire<Q, R> wire = new Wire<>(channel, method);
        wire.send(request);
        wire.halfClose();
        return wire;
    }

    void send(Q message) {
        requests.onNext(message);
    }

    /** The next thing that comes. */
    Event<R> next() {
        try {
            Event<R> event = events.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            if (event == null) {
                throw new AssertionError("nothing came for " + PATIENCE);
            }
            return event;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", interrupted);
        }
    }

    /** What has come already, if anything has. */
    Optional<Event<R>> poll() {
        return Optional.ofNullable(events.poll());
    }

    /** The next message; the end is an error. */
    R message() {
        return switch (next()) {
            case Event.Received<R>(R message) -> message;
            case Event.Ended<R>(Optional<Throwable> failure) ->
                throw new AssertionError(
                        "the stream has ended: " + failure.map(Status::fromThrowable), failure.orElse(null));
        };
    }

    /** How it ends; what comes before is dropped. */
    Optional<Throwable> end() {
        while (true) {
            if (next() instanceof Event.Ended<R>(Optional<Throwable> failure)) {
                return failure;
            }
        }
    }

    /** Nothing more is sent. */
    void halfClose() {
        requests.onCompleted();
    }

    @Override
    public void close() {
        requests.cancel("done", null);
    }

    private final class Answers implements ClientResponseObserver<Q, R> {
        @Override
        public void beforeStart(ClientCallStreamObserver<Q> stream) {}

        @Override
        public void onNext(R message) {
            events.add(new Event.Received<>(message));
        }

        @Override
        public void onError(Throwable failure) {
            events.add(new Event.Ended<>(Optional.of(failure)));
        }

        @Override
        public void onCompleted() {
            events.add(new Event.Ended<>(Optional.empty()));
        }
    }
}
