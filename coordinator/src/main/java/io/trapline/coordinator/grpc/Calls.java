package io.trapline.coordinator.grpc;

import com.google.protobuf.CodedInputStream;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.trapline.coordinator.commit.ConfirmedReads;
import io.trapline.coordinator.lease.Cancellation;
import io.trapline.coordinator.lease.ClientSessions;
import io.trapline.coordinator.lease.Commands;
import io.trapline.coordinator.lease.LeaseKeeper;
import io.trapline.coordinator.registry.Answers;
import io.trapline.coordinator.registry.Reading;
import io.trapline.coordinator.registry.Registry;
import io.trapline.coordinator.registry.RegistryView;
import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.NodeLife;
import io.trapline.model.Errno;
import io.trapline.model.Limit;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import io.trapline.v1.RequestId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * What every call of every service has in common: shape first, a bound on calls under way, commands through the log, reads through the
 * leader's confirmation, and each outcome as section E says. A call that its client has given up is forgotten.
 */
public final class Calls {
    private final ConfirmedReads reads;
    private final Commands commands;
    private final ActorRef<LeaseKeeper.Message> nodes;
    private final ActorRef<ClientSessions.Message> sessions;
    private final AtomicInteger underWay = new AtomicInteger();

    public Calls(
            ConfirmedReads reads,
            Commands commands,
            ActorRef<LeaseKeeper.Message> nodes,
            ActorRef<ClientSessions.Message> sessions) {
        this.reads = reads;
        this.commands = commands;
        this.nodes = nodes;
        this.sessions = sessions;
    }

    /** Where the outcome of one call goes. It is answered at most once. */
    final class Call<R> {
        private final ServerCallStreamObserver<R> observer;
        private final AtomicBoolean over = new AtomicBoolean();
        private final Cancellation cancellation = new Cancellation();

        private Call(StreamObserver<R> observer) {
            this.observer = (ServerCallStreamObserver<R>) observer;
            underWay.incrementAndGet();
            this.observer.setOnCancelHandler(() -> {
                finish();
                cancellation.cancel();
            });
        }

        void answer(R response) {
            if (finish()) {
                observer.onNext(response);
                observer.onCompleted();
            }
        }

        void refuse(Refusal refusal) {
            if (finish()) {
                observer.onError(Statuses.toException(refusal));
            }
        }

        private void lose() {
            if (finish()) {
                observer.onError(outcomeUnknown());
            }
        }

        private boolean finish() {
            boolean first = over.compareAndSet(false, true);
            if (first) {
                underWay.decrementAndGet();
            }
            return first;
        }
    }

    /** A call that begins now; refused at once where there are too many. */
    <R> Optional<Call<R>> begin(StreamObserver<R> observer) {
        Call<R> call = new Call<>(observer);
        if (underWay.get() > Limit.MAX_CALLS_UNDER_WAY.value()) {
            call.refuse(Refusal.overLimit(Errno.EAGAIN, "calls under way", underWay.get(), Limit.MAX_CALLS_UNDER_WAY));
            return Optional.empty();
        }
        return Optional.of(call);
    }

    /** Carries a command out and answers when rule 0 holds for it. */
    <R> void execute(
            Command.Builder command, boolean waitForDrain, StreamObserver<R> observer, Function<Answer, R> response) {
        begin(observer).ifPresent(call -> execute(call, command, waitForDrain, response));
    }

    /** The same for a call that has begun. */
    <R> void execute(Call<R> call, Command.Builder command, boolean waitForDrain, Function<Answer, R> response) {
        Command known = withoutUnknownFields(command.build());
        Optional<Refusal> wrong = Registry.shape(known);
        if (wrong.isPresent()) {
            call.refuse(wrong.get());
            return;
        }
        call.cancellation.onCancel(commands.execute(
                known,
                waitForDrain,
                answer -> Answers.refusal(answer)
                        .ifPresentOrElse(call::refuse, () -> call.answer(response.apply(answer))),
                call::lose));
    }

    /** Answers when what was decided is in force. */
    <R> void await(long revision, long drain, StreamObserver<R> observer, R response) {
        begin(observer).ifPresent(call -> {
            if (revision == 0 && drain == 0) {
                call.refuse(Refusal.invalid("revision", 0, "of what is to be in force, where drain is 0"));
            } else {
                call.cancellation.onCancel(commands.await(revision, drain, () -> call.answer(response), call::refuse));
            }
        });
    }

    /** Nobody here knows what became of the call: no refusal, which would say that nothing has changed. */
    static StatusRuntimeException outcomeUnknown() {
        return Status.UNAVAILABLE
                .withDescription(
                        "this coordinator leads no longer; whether the command is in force everywhere is not known")
                .asRuntimeException();
    }

    /** The client session of a request is in use. */
    void heard(boolean has, RequestId id) {
        if (has) {
            sessions.tell(new ClientSessions.Heard(List.of(id.getSession())));
        }
    }

    /** Reads, after a quorum has confirmed that this replica leads. */
    <R> void read(StreamObserver<R> observer, Function<RegistryView, Reading<R>> reader) {
        begin(observer).ifPresent(call -> read(call, reader, call::answer));
    }

    /** The same for a call that has begun and goes on with what was read. */
    <R, T> void read(Call<R> call, Function<RegistryView, Reading<T>> reader, Consumer<T> next) {
        reads.read(
                reader,
                reading -> {
                    switch (reading) {
                        case Reading.Found<T> found -> next.accept(found.value());
                        case Reading.Refused<T> refused -> call.refuse(refused.refusal());
                    }
                },
                call::refuse);
    }

    /** The nodes that hold a lease; {@code next} runs on an actor's thread and must not block. */
    void leased(Consumer<List<LeaseKeeper.LeasedNode>> next) {
        nodes.tell(new LeaseKeeper.AskLeased(next));
    }

    /** The lives that can be given something new; either runs on an actor's thread and must not block. */
    void usable(Consumer<List<NodeLife>> next, Consumer<Refusal> refused) {
        nodes.tell(new LeaseKeeper.AskUsable(next, refused));
    }

    /** What a later version of a client may have put into a request is not written to the log, nor kept. */
    private static Command withoutUnknownFields(Command command) {
        CodedInputStream in = CodedInputStream.newInstance(command.toByteArray());
        try {
            return com.google.protobuf.DiscardUnknownFieldsParser.wrap(Command.parser())
                    .parseFrom(in);
        } catch (IOException e) {
            throw new UncheckedIOException("own bytes of " + command.getClass().getName(), e);
        }
    }
}
