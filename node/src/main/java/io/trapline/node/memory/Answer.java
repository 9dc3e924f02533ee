package io.trapline.node.memory;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * What a client is answered, and the bytes that its call holds: they are given back when the work is done and the client has the answer or is gone.
 */
final class Answer<R> {
    private final ServerCallStreamObserver<R> client;
    private final AtomicInteger open = new AtomicInteger(2);
    private volatile Runnable release = () -> {};

    Answer(StreamObserver<R> client) {
        this.client = (ServerCallStreamObserver<R>) client;
        // Without a handler an answer to a client that is gone would throw.
        this.client.setOnCancelHandler(this::closeOne);
        this.client.setOnCloseHandler(this::closeOne);
    }

    /** What is to be done when nothing of the call is left. To be said before the work begins. */
    void onReleased(Runnable action) {
        release = action;
    }

    /** Ends the work, once; the response is made where there is no refusal. */
    void end(Optional<Refusal> refusal, Supplier<R> response) {
        if (refusal.isPresent()) {
            client.onError(Statuses.toException(refusal.get()));
        } else {
            client.onNext(response.get());
            client.onCompleted();
        }
        closeOne();
    }

    /** Ends the work with a refusal. */
    void refuse(Refusal refusal) {
        client.onError(Statuses.toException(refusal));
        closeOne();
    }

    private void closeOne() {
        if (open.decrementAndGet() == 0) {
            release.run();
        }
    }
}
