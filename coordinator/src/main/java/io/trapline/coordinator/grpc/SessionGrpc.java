package io.trapline.coordinator.grpc;

import io.grpc.stub.StreamObserver;
import io.trapline.coordinator.lease.ClientSessions;
import io.trapline.coordinator.registry.Reading;
import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.EndSession;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.rpc.Principals;
import io.trapline.v1.CloseSessionRequest;
import io.trapline.v1.CloseSessionResponse;
import io.trapline.v1.OpenSessionRequest;
import io.trapline.v1.OpenSessionResponse;
import io.trapline.v1.RenewSessionRequest;
import io.trapline.v1.RenewSessionResponse;
import io.trapline.v1.SessionServiceGrpc;
import org.apache.pekko.actor.typed.ActorRef;

/** Client sessions (section E), as the contract serves them. */
public final class SessionGrpc extends SessionServiceGrpc.SessionServiceImplBase {
    private final Calls calls;
    private final ActorRef<ClientSessions.Message> sessions;

    public SessionGrpc(Calls calls, ActorRef<ClientSessions.Message> sessions) {
        this.calls = calls;
        this.sessions = sessions;
    }

    @Override
    public void openSession(OpenSessionRequest q, StreamObserver<OpenSessionResponse> observer) {
        calls.execute(
                Command.newBuilder().setPrincipal(Principals.current()).setOpenSession(q),
                false,
                observer,
                Answer::getOpenSession);
    }

    @Override
    public void renewSession(RenewSessionRequest q, StreamObserver<RenewSessionResponse> observer) {
        // The leader alone knows who is silent: it is confirmed before it is asked.
        calls.begin(observer)
                .ifPresent(call -> calls.read(
                        call,
                        view -> new Reading.Found<>(view.hasSession(q.getSession())),
                        open -> sessions.tell(new ClientSessions.Renew(q.getSession(), renewed -> {
                            if (renewed) {
                                call.answer(RenewSessionResponse.getDefaultInstance());
                            } else {
                                String session = Long.toUnsignedString(q.getSession());
                                call.refuse(Refusal.of(Errno.ESTALE, "session = " + session + ": unknown or ended")
                                        .with("field", "session")
                                        .with("value", session));
                            }
                        }))));
    }

    @Override
    public void closeSession(CloseSessionRequest q, StreamObserver<CloseSessionResponse> observer) {
        calls.execute(
                Command.newBuilder()
                        .setPrincipal(Principals.current())
                        .setEndSession(EndSession.newBuilder().setSession(q.getSession())),
                false,
                observer,
                answer -> CloseSessionResponse.getDefaultInstance());
    }
}
