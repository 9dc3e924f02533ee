package io.trapline.coordinator.grpc;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.trapline.coordinator.raft.Replica;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import io.trapline.v1.WatchClaimsRequest;
import io.trapline.v1.WatchClaimsResponse;
import org.apache.pekko.actor.typed.ActorRef;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Streams of claims: from the calls to the actor that feeds them. */
public final class Watches {
    private static final Logger LOG = LoggerFactory.getLogger(Watches.class);

    private final Replica replica;
    private final ActorRef<ClaimWatches.Message> watches;

    public Watches(Replica replica, ActorRef<ClaimWatches.Message> watches) {
        this.replica = replica;
        this.watches = watches;
    }

    void watch(WatchClaimsRequest q, StreamObserver<WatchClaimsResponse> observer) {
        ServerCallStreamObserver<WatchClaimsResponse> stream = (ServerCallStreamObserver<WatchClaimsResponse>) observer;
        stream.setOnCancelHandler(() -> watches.tell(new ClaimWatches.Gone(stream)));
        stream.setOnReadyHandler(() -> watches.tell(new ClaimWatches.Ready(stream)));
        // A quorum confirms that this replica leads before anything is shown of its state.
        replica.read(view -> view.revision()).whenComplete((revision, failure) -> {
            if (failure != null) {
                LOG.debug("a watch was not confirmed", failure);
                stream.onError(Statuses.toException(
                        Refusal.of(Errno.EAGAIN, "this coordinator cannot confirm that it leads")));
            } else {
                watches.tell(new ClaimWatches.Watch(stream, q));
            }
        });
    }
}
