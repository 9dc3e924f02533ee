package io.trapline.client;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ClientResponseObserver;
import io.trapline.v1.AddCredit;
import io.trapline.v1.AnswerRows;
import io.trapline.v1.AttachRequest;
import io.trapline.v1.AttachResponse;
import io.trapline.v1.AttachServer;
import io.trapline.v1.EmulatorServiceGrpc;
import org.jspecify.annotations.Nullable;

/**
 * One attached stream of an emulator, from its attach to its end; a resumed emulator has another. Its methods are called with the
 * emulator's lock held; what it hears it tells the emulator, which ignores all but its newest stream.
 */
final class EmulatorStream implements ClientResponseObserver<AttachRequest, AttachResponse> {
    private final Emulator emulator;
    private final Channel channel;
    private final RowColumns kept;
    private @Nullable ClientCallStreamObserver<AttachRequest> requests;
    private boolean isAnnounced;

    EmulatorStream(Emulator emulator, Channel channel, RowColumns kept) {
        this.emulator = emulator;
        this.channel = channel;
        this.kept = kept;
    }

    Channel channel() {
        return channel;
    }

    /** Opens the stream and attaches; may end it at once. */
    void attach(AttachServer.Builder request) {
        ClientCalls.asyncBidiStreamingCall(
                channel.newCall(EmulatorServiceGrpc.getAttachMethod(), CallOptions.DEFAULT), this);
        isAnnounced = true;
        send(AttachRequest.newBuilder()
                .setAttach(request.setKept(kept.nextKept()))
                .build());
        sendKept();
    }

    /** Sends kept rows while the stream takes them. */
    void sendKept() {
        while (!kept.isEmpty() && isReady()) {
            send(AttachRequest.newBuilder().setKept(kept.nextKept()).build());
        }
    }

    void sendAnswers(AnswerRows answers) {
        send(AttachRequest.newBuilder().setAnswers(answers).build());
    }

    void sendCredit(int rows) {
        send(AttachRequest.newBuilder()
                .setCredit(AddCredit.newBuilder().setRows(rows))
                .build());
    }

    boolean isReady() {
        return isAnnounced && requests != null && requests.isReady();
    }

    /** Ends the stream as if its connection were lost. */
    void cancel(String why) {
        if (requests != null) {
            requests.cancel(why, null);
        }
    }

    /** Ends the stream in order. */
    void complete() {
        if (requests != null) {
            requests.onCompleted();
        }
    }

    private void send(AttachRequest request) {
        if (requests != null) {
            requests.onNext(request);
        }
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<AttachRequest> observer) {
        requests = observer;
        observer.setOnReadyHandler(() -> Callbacks.inStream(() -> emulator.ready(this)));
    }

    @Override
    public void onNext(AttachResponse response) {
        Callbacks.inStream(() -> emulator.received(this, response));
    }

    @Override
    public void onError(Throwable error) {
        Callbacks.inStream(() -> emulator.lost(this, Failure.of(error)));
    }

    @Override
    public void onCompleted() {
        onError(Status.UNAVAILABLE.withDescription("the stream was closed").asRuntimeException());
    }
}
