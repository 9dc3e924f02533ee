package io.trapline.coordinator.grpc;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import io.trapline.coordinator.raft.Admission;
import io.trapline.coordinator.raft.Peers;
import io.trapline.internal.v1.CoordinatorServiceGrpc;
import io.trapline.internal.v1.DescribePeerRequest;
import io.trapline.internal.v1.DescribePeerResponse;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks other coordinators at their addresses. A channel for each question: they are few, and the others come and go meanwhile. */
public final class PeerCalls implements Peers {
    private static final Logger LOG = LoggerFactory.getLogger(PeerCalls.class);
    private static final long DEADLINE_MILLIS = 1_000;

    @Override
    public CompletionStage<Optional<Admission.Said>> ask(String address) {
        return describe(address).thenApply(answer -> answer.flatMap(PeerCalls::said));
    }

    /** What the one at that address says of itself; empty = no answer. Never fails. */
    CompletionStage<Optional<DescribePeerResponse>> describe(String address) {
        ManagedChannel channel =
                NettyChannelBuilder.forTarget(address).usePlaintext().build();
        CompletableFuture<Optional<DescribePeerResponse>> answer = new CompletableFuture<>();
        CoordinatorServiceGrpc.newStub(channel)
                .withDeadlineAfter(DEADLINE_MILLIS, TimeUnit.MILLISECONDS)
                .describePeer(DescribePeerRequest.getDefaultInstance(), new StreamObserver<>() {
                    @Override
                    public void onNext(DescribePeerResponse response) {
                        answer.complete(Optional.of(response));
                    }

                    @Override
                    public void onError(Throwable error) {
                        LOG.debug("{} does not answer", address, error);
                        answer.complete(Optional.empty());
                    }

                    @Override
                    public void onCompleted() {
                        answer.complete(Optional.empty());
                    }
                });
        return answer.whenComplete((said, failure) -> channel.shutdown());
    }

    /** Empty where the other one is of a later version, and is what this one does not know. */
    private static Optional<Admission.Said> said(DescribePeerResponse response) {
        return state(response)
                .map(state -> new Admission.Said(
                        state,
                        response.getClusterId(),
                        response.getLeads() ? Optional.of(Set.copyOf(response.getTakenList())) : Optional.empty()));
    }

    private static Optional<Admission.State> state(DescribePeerResponse response) {
        return switch (response.getState()) {
            case PEER_STATE_UNSPECIFIED -> Optional.of(Admission.State.EMPTY);
            case PEER_STATE_FORMING -> Optional.of(Admission.State.FORMING);
            case PEER_STATE_JOINING -> Optional.of(Admission.State.JOINING);
            case PEER_STATE_MEMBER -> Optional.of(Admission.State.MEMBER);
            case UNRECOGNIZED -> Optional.empty();
        };
    }
}
