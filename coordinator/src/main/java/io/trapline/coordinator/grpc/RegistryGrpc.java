package io.trapline.coordinator.grpc;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.trapline.coordinator.lease.Cancellation;
import io.trapline.coordinator.lease.ClientSessions;
import io.trapline.coordinator.lease.Commands;
import io.trapline.coordinator.lease.LeaseKeeper;
import io.trapline.coordinator.registry.Answers;
import io.trapline.coordinator.registry.Registry;
import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.AwaitRequest;
import io.trapline.internal.v1.AwaitResponse;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.ExecuteRequest;
import io.trapline.internal.v1.ExecuteResponse;
import io.trapline.internal.v1.NodeSessionRequest;
import io.trapline.internal.v1.NodeSessionResponse;
import io.trapline.internal.v1.RegisterNode;
import io.trapline.internal.v1.RegistryServiceGrpc;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;

/** The coordinator's side of nodes. */
public final class RegistryGrpc extends RegistryServiceGrpc.RegistryServiceImplBase {
    private final Calls calls;
    private final Commands commands;
    private final ActorRef<LeaseKeeper.Message> nodes;
    private final ActorRef<ClientSessions.Message> sessions;

    public RegistryGrpc(
            Calls calls,
            Commands commands,
            ActorRef<LeaseKeeper.Message> nodes,
            ActorRef<ClientSessions.Message> sessions) {
        this.calls = calls;
        this.commands = commands;
        this.nodes = nodes;
        this.sessions = sessions;
    }

    @Override
    public void execute(ExecuteRequest q, StreamObserver<ExecuteResponse> observer) {
        Command.Builder builder = Command.newBuilder();
        switch (q.getCommandCase()) {
            case ATTACH_EMULATOR -> builder.setAttachEmulator(q.getAttachEmulator());
            case DETACH_EMULATOR -> builder.setDetachEmulator(q.getDetachEmulator());
            case OPEN_VCPU -> builder.setOpenVcpu(q.getOpenVcpu());
            case MOVE_VCPU -> builder.setMoveVcpu(q.getMoveVcpu());
            case ADD_BACKUP -> builder.setAddBackup(q.getAddBackup());
            case DROP_BACKUP -> builder.setDropBackup(q.getDropBackup());
            case ABANDON_SYNC -> builder.setAbandonSync(q.getAbandonSync());
            case HAND_OVER -> builder.setHandOver(q.getHandOver());
            case BEGIN_HAND_OVER -> builder.setBeginHandOver(q.getBeginHandOver());
            case LEAVE_NODE -> builder.setLeaveNode(q.getLeaveNode());
            case COMMAND_NOT_SET -> {}
        }
        Command command = builder.build();
        Optional<Refusal> wrong = Registry.shape(command);
        if (wrong.isPresent()) {
            answer(observer, Answers.refused(wrong.get()));
            return;
        }
        ServerCallStreamObserver<ExecuteResponse> stream = (ServerCallStreamObserver<ExecuteResponse>) observer;
        Cancellation cancellation = new Cancellation();
        stream.setOnCancelHandler(cancellation::cancel);
        cancellation.onCancel(commands.execute(
                command, false, result -> answer(observer, result), () -> observer.onError(Calls.outcomeUnknown())));
    }

    private static void answer(StreamObserver<ExecuteResponse> observer, Answer answer) {
        ExecuteResponse response = Answers.refusal(answer)
                .map(refusal -> ExecuteResponse.newBuilder()
                        .setRefusal(Statuses.toProto(refusal))
                        .build())
                .orElseGet(answer::getExecute);
        observer.onNext(response);
        observer.onCompleted();
    }

    @Override
    public void await(AwaitRequest q, StreamObserver<AwaitResponse> observer) {
        calls.await(q.getRevision(), q.getDrain(), observer, AwaitResponse.getDefaultInstance());
    }

    @Override
    public StreamObserver<NodeSessionRequest> nodeSession(StreamObserver<NodeSessionResponse> observer) {
        ServerCallStreamObserver<NodeSessionResponse> stream = (ServerCallStreamObserver<NodeSessionResponse>) observer;
        // One message at a time: the actor asks for the next when it has taken the last.
        stream.disableAutoInboundFlowControl();
        stream.setOnReadyHandler(() -> nodes.tell(new LeaseKeeper.Ready(stream)));
        stream.setOnCancelHandler(() -> nodes.tell(new LeaseKeeper.Gone(stream)));
        stream.request(1);
        return new FromNode(stream);
    }

    /** What a node says, on gRPC's thread for the call. */
    private final class FromNode implements StreamObserver<NodeSessionRequest> {
        private final ServerCallStreamObserver<NodeSessionResponse> stream;
        private boolean registered;

        private FromNode(ServerCallStreamObserver<NodeSessionResponse> stream) {
            this.stream = stream;
        }

        @Override
        public void onNext(NodeSessionRequest message) {
            if (!registered && !message.hasRegister()) {
                stream.onError(Statuses.toException(Refusal.of(Errno.EINVAL, "register: is the first message")));
                return;
            }
            switch (message.getMessageCase()) {
                case REGISTER -> register(message);
                case APPLIED_REVISION -> nodes.tell(new LeaseKeeper.NodeApplied(stream, message.getAppliedRevision()));
                case DRAINED_REVISION -> nodes.tell(new LeaseKeeper.NodeDrained(stream, message.getDrainedRevision()));
                case ACTIVITY -> {
                    sessions.tell(new ClientSessions.Heard(message.getActivity().getSessionsList()));
                    if (message.getActivity().getAcknowledgedThroughCount() > 0) {
                        nodes.tell(new LeaseKeeper.Acknowledged(message.getActivity()));
                    }
                    stream.request(1);
                }
                case RENEW -> nodes.tell(new LeaseKeeper.Renewed(stream, message.getRenew()));
                case RESIGN -> nodes.tell(new LeaseKeeper.Resigned(stream));
                case MESSAGE_NOT_SET -> stream.request(1);
            }
        }

        private void register(NodeSessionRequest message) {
            RegisterNode registration = message.getRegister();
            Optional<Refusal> wrong = registered
                    ? Optional.of(Refusal.of(Errno.EINVAL, "register: is the first message, and only that"))
                    : Registry.shape(
                            Command.newBuilder().setRegisterNode(registration).build());
            if (wrong.isPresent()) {
                stream.onError(Statuses.toException(wrong.get()));
            } else {
                registered = true;
                nodes.tell(new LeaseKeeper.Register(
                        stream,
                        registration,
                        message.getClusterId(),
                        message.getKnownRevision(),
                        message.getSilentLeader()));
            }
        }

        @Override
        public void onError(Throwable ended) {
            nodes.tell(new LeaseKeeper.Gone(stream));
        }

        @Override
        public void onCompleted() {
            nodes.tell(new LeaseKeeper.Gone(stream));
        }
    }
}
