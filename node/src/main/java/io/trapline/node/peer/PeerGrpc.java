package io.trapline.node.peer;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.trapline.internal.v1.LinkRequest;
import io.trapline.internal.v1.LinkResponse;
import io.trapline.internal.v1.PeerServiceGrpc;

/** What other nodes connect to. */
public final class PeerGrpc extends PeerServiceGrpc.PeerServiceImplBase {
    private final PeerLinks links;

    public PeerGrpc(PeerLinks links) {
        this.links = links;
    }

    @Override
    public StreamObserver<LinkRequest> link(StreamObserver<LinkResponse> peer) {
        return new IncomingConnection((ServerCallStreamObserver<LinkResponse>) peer, links);
    }
}
