package io.trapline.node.guest;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.trapline.node.registry.NodeDirectory;
import io.trapline.v1.AccessRequest;
import io.trapline.v1.AccessResponse;
import io.trapline.v1.GuestServiceGrpc;

/** {@code trapline.v1.GuestService}: the guests' side of this node. */
public final class GuestGrpc extends GuestServiceGrpc.GuestServiceImplBase {
    private final NodeDirectory directory;

    public GuestGrpc(NodeDirectory directory) {
        this.directory = directory;
    }

    @Override
    public StreamObserver<AccessRequest> access(StreamObserver<AccessResponse> guest) {
        return new GuestStream((ServerCallStreamObserver<AccessResponse>) guest, directory);
    }
}
