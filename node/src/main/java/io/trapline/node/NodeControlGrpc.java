package io.trapline.node;

import io.grpc.stub.StreamObserver;
import io.trapline.internal.v1.GetServerCountersRequest;
import io.trapline.internal.v1.GetServerCountersResponse;
import io.trapline.internal.v1.NodeControlServiceGrpc;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.registry.NodeDirectory;
import io.trapline.node.registry.ServerHandle;
import java.util.Optional;

/** {@code trapline.internal.v1.NodeControlService}: what the coordinator asks of this node. */
final class NodeControlGrpc extends NodeControlServiceGrpc.NodeControlServiceImplBase {
    private final NodeDirectory directory;

    NodeControlGrpc(NodeDirectory directory) {
        this.directory = directory;
    }

    @Override
    public void getServerCounters(
            GetServerCountersRequest request, StreamObserver<GetServerCountersResponse> coordinator) {
        Optional<ServerHandle> server = directory
                .domain(request.getDomid())
                .map(domain -> domain.servers().get(request.getId()))
                .filter(handle -> handle.generation() == request.getGeneration());
        if (server.isEmpty()) {
            coordinator.onNext(GetServerCountersResponse.getDefaultInstance());
            coordinator.onCompleted();
            return;
        }
        server.get().actor().tell(new ServerMessage.GetCounters(counters -> {
            coordinator.onNext(
                    GetServerCountersResponse.newBuilder().setCounters(counters).build());
            coordinator.onCompleted();
        }));
    }
}
