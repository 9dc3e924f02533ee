package io.trapline.bench;

import io.grpc.ManagedChannel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.trapline.v1.AccessRequest;
import io.trapline.v1.AccessResponse;
import io.trapline.v1.GuestServiceGrpc;

/**
 * The node's place on the bare side: parses each message and sends it on, both ways, and does nothing else. Asks for a message only when the other side takes
 * one, as a node does.
 */
final class Relay extends GuestServiceGrpc.GuestServiceImplBase {
    private final ManagedChannel echo;

    Relay(ManagedChannel echo) {
        this.echo = echo;
    }

    @Override
    public StreamObserver<AccessRequest> access(StreamObserver<AccessResponse> responses) {
        ServerCallStreamObserver<AccessResponse> guest = (ServerCallStreamObserver<AccessResponse>) responses;
        guest.disableAutoRequest();
        guest.setOnCancelHandler(() -> {});
        Back back = new Back(guest);
        GuestServiceGrpc.newStub(echo).access(back);
        guest.setOnReadyHandler(back::pull);
        guest.request(1);
        return new Forth(guest, back);
    }

    /** From the guest to the echo. */
    private static final class Forth implements StreamObserver<AccessRequest> {
        private final ServerCallStreamObserver<AccessResponse> guest;
        private final Back back;

        Forth(ServerCallStreamObserver<AccessResponse> guest, Back back) {
            this.guest = guest;
            this.back = back;
        }

        @Override
        public void onNext(AccessRequest request) {
            back.forward(request);
            guest.request(1);
        }

        @Override
        public void onError(Throwable failure) {
            back.end();
        }

        @Override
        public void onCompleted() {
            back.end();
        }
    }

    /** From the echo to the guest. */
    private static final class Back implements ClientResponseObserver<AccessRequest, AccessResponse> {
        private final ServerCallStreamObserver<AccessResponse> guest;
        private ClientCallStreamObserver<AccessRequest> toEcho;

        @SuppressWarnings("NullAway.Init")
        Back(ServerCallStreamObserver<AccessResponse> guest) {
            this.guest = guest;
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<AccessRequest> stream) {
            toEcho = stream;
            stream.disableAutoRequestWithInitial(1);
        }

        void forward(AccessRequest request) {
            toEcho.onNext(request);
        }

        void pull() {
            if (guest.isReady()) {
                toEcho.request(1);
            }
        }

        void end() {
            toEcho.onCompleted();
        }

        @Override
        public void onNext(AccessResponse response) {
            guest.onNext(response);
            toEcho.request(1);
        }

        @Override
        public void onError(Throwable failure) {
            guest.onError(failure);
        }

        @Override
        public void onCompleted() {
            guest.onCompleted();
        }
    }
}
