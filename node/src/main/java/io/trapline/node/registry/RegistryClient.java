package io.trapline.node.registry;

import io.grpc.Channel;
import io.grpc.Context;
import io.grpc.stub.StreamObserver;
import io.trapline.internal.v1.ExecuteRequest;
import io.trapline.internal.v1.ExecuteResponse;
import io.trapline.internal.v1.RegistryServiceGrpc;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Proposes a node's own commands to the coordinator that leads: sessions of emulators and streams of vCPUs. One that certainly had no effect, since whoever
 * was asked does not lead, is proposed again for {@link #LONGEST}; one whose outcome is unknown only where it is the same twice (D-6).
 */
public final class RegistryClient {
    private static final Duration LONGEST = Duration.ofSeconds(2);
    private static final Executor LATER = CompletableFuture.delayedExecutor(50, TimeUnit.MILLISECONDS);

    private final LongSupplier clock;
    private volatile @Nullable Channel leader;

    /** @param clock monotonic, in nanoseconds */
    public RegistryClient(LongSupplier clock) {
        this.clock = clock;
    }

    /** From now on commands go there; empty = nobody is known to lead, and they wait. */
    public void leader(Optional<? extends Channel> coordinator) {
        leader = coordinator.orElse(null);
    }

    /**
     * Completes when rule 0 holds for the command, which is after this node's actors have applied it, if it has a lease; a refusal is in the response. Fails
     * with a {@link io.grpc.StatusRuntimeException} when the outcome is unknown, and with any other where the node has ended. What is proposed for a client's call outlives that call: it is not
     * cancelled with it.
     */
    public CompletionStage<ExecuteResponse> execute(ExecuteRequest request) {
        CompletableFuture<ExecuteResponse> result = new CompletableFuture<>();
        propose(new Proposal(request, clock.getAsLong() + LONGEST.toNanos(), result));
        return result;
    }

    private record Proposal(ExecuteRequest request, long untilNanos, CompletableFuture<ExecuteResponse> result) {}

    private void propose(Proposal proposal) {
        Channel to = leader;
        if (to == null) {
            Refusal nobody = Refusal.of(Errno.EAGAIN, "no coordinator is known to lead");
            again(proposal, () -> proposal.result.completeExceptionally(Statuses.toException(nobody)));
            return;
        }
        try {
            Context.ROOT.run(() -> RegistryServiceGrpc.newStub(to).execute(proposal.request, new Answered(proposal)));
        } catch (RuntimeException closed) {
            // The node has ended, and what its calls run on: nobody else would tell whoever waits.
            proposal.result.completeExceptionally(closed);
        }
    }

    private void again(Proposal proposal, Runnable giveUp) {
        if (proposal.untilNanos - clock.getAsLong() <= 0) {
            giveUp.run();
        } else {
            LATER.execute(() -> propose(proposal));
        }
    }

    private static boolean isTheSameTwice(ExecuteRequest request) {
        return request.hasDetachEmulator()
                || (request.hasAttachEmulator() && request.getAttachEmulator().getStandby());
    }

    private static boolean hadNoEffect(Refusal refusal) {
        return refusal.errno() == Errno.EAGAIN
                && "none".equals(refusal.metadata().get("effect"));
    }

    /** What came of one attempt. */
    private final class Answered implements StreamObserver<ExecuteResponse> {
        private final Proposal proposal;
        private @Nullable ExecuteResponse response;

        Answered(Proposal proposal) {
            this.proposal = proposal;
        }

        @Override
        public void onNext(ExecuteResponse answer) {
            response = answer;
        }

        @Override
        public void onError(Throwable failure) {
            Optional<Refusal> refusal = Statuses.fromThrowable(failure);
            boolean mayRepeat =
                    refusal.map(RegistryClient::hadNoEffect).orElseGet(() -> isTheSameTwice(proposal.request));
            if (mayRepeat) {
                again(proposal, () -> proposal.result.completeExceptionally(failure));
            } else {
                proposal.result.completeExceptionally(failure);
            }
        }

        @Override
        public void onCompleted() {
            ExecuteResponse answer = response;
            if (answer == null) {
                proposal.result.completeExceptionally(new IllegalStateException("the registry answered nothing"));
            } else if (answer.hasRefusal()
                    && Statuses.fromProto(answer.getRefusal())
                            .filter(RegistryClient::hadNoEffect)
                            .isPresent()) {
                again(proposal, () -> proposal.result.complete(answer));
            } else {
                proposal.result.complete(answer);
            }
        }
    }
}
