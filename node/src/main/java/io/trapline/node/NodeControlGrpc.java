package io.trapline.node;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.trapline.internal.v1.GetServerCountersRequest;
import io.trapline.internal.v1.GetServerCountersResponse;
import io.trapline.internal.v1.NodeControlServiceGrpc;
import io.trapline.node.protocol.ServerMessage;
import io.trapline.node.registry.DomainCalls;
import io.trapline.node.registry.DomainHandle;
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
        // Without a handler an answer to a coordinator that waits no more would throw, in the server's actor.
        ((ServerCallStreamObserver<GetServerCountersResponse>) coordinator).setOnCancelHandler(() -> {});
        Optional<DomainHandle> domain = directory.domain(request.getDomid());
        Optional<ServerHandle> server = domain.map(handle -> handle.servers().get(request.getId()))
                .filter(handle -> handle.generation() == request.getGeneration());
        GetServerCountersResponse.Builder response = GetServerCountersResponse.newBuilder();
        if (domain.isEmpty() || server.isEmpty()) {
            answer(coordinator, response);
            return;
        }
        // Zero also where the server goes before it answers.
        DomainCalls.Call call = domain.get().calls().whileHere(server.get(), gone -> answer(coordinator, response));
        server.get().here().tell(new ServerMessage.GetCounters(counters -> {
            response.setCounters(counters);
            call.answer(Optional.empty());
        }));
    }

    private static void answer(
            StreamObserver<GetServerCountersResponse> coordinator, GetServerCountersResponse.Builder response) {
        coordinator.onNext(response.build());
        coordinator.onCompleted();
    }
}
