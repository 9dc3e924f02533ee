package io.trapline.node.registry;

import io.grpc.Channel;
import io.grpc.Context;
import io.grpc.stub.StreamObserver;
import io.trapline.internal.v1.ExecuteRequest;
import io.trapline.internal.v1.ExecuteResponse;
import io.trapline.internal.v1.RegistryServiceGrpc;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Proposes a node's own commands to the registry: sessions of emulators and streams of vCPUs. */
public final class RegistryClient {
    private final RegistryServiceGrpc.RegistryServiceStub registry;

    public RegistryClient(Channel coordinator) {
        registry = RegistryServiceGrpc.newStub(coordinator);
    }

    /**
     * Completes when rule 0 holds for the command, which is after this node's actors have applied it; a refusal is in the response. Fails with
     * a {@link io.grpc.StatusRuntimeException} when the outcome is unknown. What is proposed for a client's call outlives that call: it is not
     * cancelled with it.
     */
    public CompletionStage<ExecuteResponse> execute(ExecuteRequest request) {
        CompletableFuture<ExecuteResponse> result = new CompletableFuture<>();
        Context.ROOT.run(() -> registry.execute(request, completing(result)));
        return result;
    }

    private static StreamObserver<ExecuteResponse> completing(CompletableFuture<ExecuteResponse> result) {
        return new StreamObserver<>() {
            @Override
            public void onNext(ExecuteResponse response) {
                result.complete(response);
            }

            @Override
            public void onError(Throwable failure) {
                result.completeExceptionally(failure);
            }

            @Override
            public void onCompleted() {
                result.completeExceptionally(new IllegalStateException("the registry answered nothing"));
            }
        };
    }
}
