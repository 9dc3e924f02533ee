package io.trapline.coordinator.raft;

import java.util.Optional;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.ReadIndexRequestProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionRequestProto;
import org.apache.ratis.thirdparty.io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import org.apache.ratis.thirdparty.io.grpc.Metadata;
import org.apache.ratis.thirdparty.io.grpc.ServerCall;
import org.apache.ratis.thirdparty.io.grpc.ServerCallHandler;
import org.apache.ratis.thirdparty.io.grpc.ServerInterceptor;
import org.apache.ratis.thirdparty.io.grpc.Status;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Refuses what one replica says to another and reaches this one: an address that was one's may be this one's now, as when containers or pods are started again.
 * Ratis 3.3 does not look, and a leader of five would count this replica's word twice. Thread-safe.
 */
final class Addressee implements ServerInterceptor {
    private static final Logger LOG = LoggerFactory.getLogger(Addressee.class);

    private final String self;

    /** @param self the id of this replica */
    Addressee(String self) {
        this.self = self;
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        return new SimpleForwardingServerCallListener<>(next.startCall(call, headers)) {
            private boolean isRefused;

            @Override
            public void onMessage(Q message) {
                if (isRefused) {
                    return;
                }
                Optional<String> another = addressee(message).filter(to -> !to.equals(self));
                if (another.isEmpty()) {
                    super.onMessage(message);
                    return;
                }
                isRefused = true;
                LOG.warn(
                        "coordinator {} is looked for where coordinator {} is: its address has changed",
                        another.get(),
                        self);
                super.onCancel();
                call.close(
                        Status.FAILED_PRECONDITION.withDescription(
                                "this is coordinator " + self + ", not " + another.get()),
                        new Metadata());
            }

            @Override
            public void onHalfClose() {
                if (!isRefused) {
                    super.onHalfClose();
                }
            }

            @Override
            public void onCancel() {
                if (!isRefused) {
                    super.onCancel();
                }
            }
        };
    }

    /** Whom a message is for; empty where it names nobody. */
    private static Optional<String> addressee(Object message) {
        RaftRpcRequestProto request = switch (message) {
            case AppendEntriesRequestProto entries -> entries.getServerRequest();
            case RequestVoteRequestProto vote -> vote.getServerRequest();
            case InstallSnapshotRequestProto snapshot -> snapshot.getServerRequest();
            case ReadIndexRequestProto read -> read.getServerRequest();
            case StartLeaderElectionRequestProto election -> election.getServerRequest();
            default -> RaftRpcRequestProto.getDefaultInstance();
        };
        return Optional.of(request.getReplyId().toStringUtf8()).filter(id -> !id.isEmpty());
    }
}
