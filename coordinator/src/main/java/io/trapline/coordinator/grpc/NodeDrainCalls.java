package io.trapline.coordinator.grpc;

import io.grpc.stub.StreamObserver;
import io.trapline.coordinator.lease.Commands;
import io.trapline.coordinator.registry.Answers;
import io.trapline.coordinator.registry.Registry;
import io.trapline.internal.v1.Command;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import java.util.Optional;

/** Begins and ends the drain of a node (D-27): a command, answered when every node knows. What follows is the leader's own business. */
public final class NodeDrainCalls {
    private final Commands commands;

    public NodeDrainCalls(Commands commands) {
        this.commands = commands;
    }

    <R> void execute(Command command, R done, StreamObserver<R> observer) {
        Optional<Refusal> wrong = Registry.shape(command);
        if (wrong.isPresent()) {
            observer.onError(Statuses.toException(wrong.get()));
            return;
        }
        commands.execute(
                command,
                false,
                answer -> Answers.refusal(answer)
                        .ifPresentOrElse(refusal -> observer.onError(Statuses.toException(refusal)), () -> {
                            observer.onNext(done);
                            observer.onCompleted();
                        }),
                () -> observer.onError(Calls.outcomeUnknown()));
    }
}
