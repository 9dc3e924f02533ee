package io.trapline.coordinator.grpc;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.trapline.coordinator.commit.ConfirmedReads;
import io.trapline.rpc.Statuses;
import io.trapline.v1.WatchClaimsRequest;
import io.trapline.v1.WatchClaimsResponse;
import org.apache.pekko.actor.typed.ActorRef;

/** Streams of claims: from the calls to the actor that feeds them. */
public final class Watches {
    private final ConfirmedReads reads;
    private final ActorRef<ClaimWatches.Message> watches;

    public Watches(ConfirmedReads reads, ActorRef<ClaimWatches.Message> watches) {
        this.reads = reads;
        this.watches = watches;
    }

    void watch(WatchClaimsRequest q, StreamObserver<WatchClaimsResponse> observer) {
        ServerCallStreamObserver<WatchClaimsResponse> stream = (ServerCallStreamObserver<WatchClaimsResponse>) observer;
        stream.setOnCancelHandler(() -> watches.tell(new ClaimWatches.Gone(stream)));
        stream.setOnReadyHandler(() -> watches.tell(new ClaimWatches.Ready(stream)));
        // A quorum confirms that this replica leads before anything is shown of its state.
        reads.read(
                view -> view.revision(),
                revision -> watches.tell(new ClaimWatches.Watch(stream, q)),
                refusal -> stream.onError(Statuses.toException(refusal)));
    }
}
