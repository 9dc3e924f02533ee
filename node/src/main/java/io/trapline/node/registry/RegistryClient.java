package io.trapline.node.registry;

import com.google.common.util.concurrent.FutureCallback;
import com.google.common.util.concurrent.Futures;
import com.google.common.util.concurrent.MoreExecutors;
import io.grpc.Channel;
import io.trapline.internal.v1.ExecuteRequest;
import io.trapline.internal.v1.ExecuteResponse;
import io.trapline.internal.v1.RegistryServiceGrpc;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Proposes a node's own commands to the registry: sessions of emulators and streams of vCPUs. */
public final class RegistryClient {
    private final RegistryServiceGrpc.RegistryServiceFutureStub registry;

    public RegistryClient(Channel coordinator) {
        registry = RegistryServiceGrpc.newFutureStub(coordinator);
    }

    /**
     * Completes when rule 0 holds for the command, which is after this node's actors have applied it; a refusal is in the response. Fails with
     * a {@link io.grpc.StatusRuntimeException} when the outcome is unknown.
     */
    public CompletionStage<ExecuteResponse> execute(ExecuteRequest request) {
        CompletableFuture<ExecuteResponse> result = new CompletableFuture<>();
        Futures.addCallback(
                registry.execute(request),
                new FutureCallback<>() {
                    @Override
                    public void onSuccess(ExecuteResponse response) {
                        result.complete(response);
                    }

                    @Override
                    public void onFailure(Throwable failure) {
                        result.completeExceptionally(failure);
                    }
                },
                MoreExecutors.directExecutor());
        return result;
    }
}
