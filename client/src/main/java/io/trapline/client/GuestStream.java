package io.trapline.client;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ClientResponseObserver;
import io.trapline.v1.AccessRequest;
import io.trapline.v1.AccessResponse;
import io.trapline.v1.GuestServiceGrpc;
import org.jspecify.annotations.Nullable;

/**
 * One Access stream of a guest; a resumed guest has another. Its methods are called with the guest's lock held; what it hears it
 * tells the guest, which ignores all but its newest stream.
 */
final class GuestStream implements ClientResponseObserver<AccessRequest, AccessResponse> {
    /** Messages that may be under way to the callbacks. */
    private static final int MESSAGES_AHEAD = 8;

    /** Enough for some batches of 4,096 rows. */
    private static final int READY_BYTES = 512 << 10;

    private final Guest guest;
    private final Channel channel;
    private @Nullable ClientCallStreamObserver<AccessRequest> requests;
    private String named = "";
    private @Nullable String route;

    GuestStream(Guest guest, Channel channel) {
        this.guest = guest;
        this.channel = channel;
    }

    Channel channel() {
        return channel;
    }

    /** Its node has named another one that has the domain's pages; whether that is another one than it last named. */
    boolean isNewlyNamed(String address) {
        boolean isNew = !address.equals(named);
        named = address;
        return isNew;
    }

    /** The node that was named last. */
    boolean isNamed(String address) {
        return address.equals(named);
    }

    /** The node to go on at, once that can be reached; null = none. */
    @Nullable
    String route() {
        return route;
    }

    void routeTo(String address) {
        route = address;
    }

    /** Opens the stream; may end it at once. */
    void open() {
        CallOptions options = CallOptions.DEFAULT.withOnReadyThreshold(READY_BYTES);
        ClientCalls.asyncBidiStreamingCall(channel.newCall(GuestServiceGrpc.getAccessMethod(), options), this);
    }

    boolean isReady() {
        return requests != null && requests.isReady();
    }

    void send(AccessRequest.Builder request) {
        if (requests != null) {
            requests.onNext(request.build());
        }
    }

    /** A message's callbacks have run: another may come. */
    void handled() {
        if (requests != null) {
            requests.request(1);
        }
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

    @Override
    public void beforeStart(ClientCallStreamObserver<AccessRequest> observer) {
        requests = observer;
        observer.disableAutoRequestWithInitial(MESSAGES_AHEAD);
        observer.setOnReadyHandler(() -> Callbacks.inStream(() -> guest.ready(this)));
    }

    @Override
    public void onNext(AccessResponse response) {
        Callbacks.inStream(() -> guest.received(this, response));
    }

    @Override
    public void onError(Throwable error) {
        Callbacks.inStream(() -> guest.lost(this, Failure.of(error)));
    }

    @Override
    public void onCompleted() {
        onError(Status.UNAVAILABLE.withDescription("the stream was closed").asRuntimeException());
    }
}
