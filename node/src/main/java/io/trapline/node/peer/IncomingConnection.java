package io.trapline.node.peer;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.trapline.internal.v1.LinkEnd;
import io.trapline.internal.v1.LinkHello;
import io.trapline.internal.v1.LinkRequest;
import io.trapline.internal.v1.LinkResponse;
import io.trapline.model.Refusal;
import io.trapline.node.peer.LinkAdmission.Hello;
import io.trapline.node.protocol.Life;
import io.trapline.rpc.Statuses;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/** One connection from a peer: first who it is, then frames for the actor of its link, which alone writes to it from then on. */
final class IncomingConnection implements StreamObserver<LinkRequest> {
    /** How many frames may be on their way to the actor, which takes them without waiting for anybody: credit bounds what comes. */
    private static final int FRAMES_UNDER_WAY = 16;

    private final ServerCallStreamObserver<LinkResponse> peer;
    private final PeerLinks links;
    private volatile @Nullable ActorRef<IncomingLink.Message> link;
    /** Guarded by this. */
    private boolean ended;

    IncomingConnection(ServerCallStreamObserver<LinkResponse> peer, PeerLinks links) {
        this.peer = peer;
        this.links = links;
        peer.disableAutoRequest();
        peer.setOnCancelHandler(this::gone);
        peer.request(FRAMES_UNDER_WAY);
    }

    @Override
    public void onNext(LinkRequest request) {
        ActorRef<IncomingLink.Message> actor = link;
        if (actor != null && request.hasFrame()) {
            actor.tell(new IncomingLink.Arrived(this, request.getFrame()));
        } else if (actor == null && request.hasHello()) {
            onHello(request.getHello());
        } else {
            end(Refusal.invalid("message", request.getMessageCase(), "a hello comes first, and once"));
        }
    }

    private void onHello(LinkHello hello) {
        Hello said = new Hello(life(hello.getFrom()), life(hello.getTo()), hello.getRevision());
        Optional<Refusal> refusal = links.accept(said, this);
        refusal.ifPresent(this::end);
    }

    private static Life life(LinkEnd life) {
        return new Life(life.getNode(), life.getIncarnation());
    }

    /** Whose frames they are. */
    void belongsTo(ActorRef<IncomingLink.Message> actor) {
        link = actor;
    }

    @Override
    public void onError(Throwable lost) {
        gone();
    }

    @Override
    public void onCompleted() {
        gone();
        end(null);
    }

    private void gone() {
        ActorRef<IncomingLink.Message> actor = link;
        if (actor != null) {
            actor.tell(new IncomingLink.Gone(this));
        }
    }

    /** Another frame may come. */
    synchronized void more() {
        if (!ended) {
            peer.request(1);
        }
    }

    synchronized void send(LinkResponse response) {
        if (!ended && !peer.isCancelled()) {
            peer.onNext(response);
        }
    }

    /** Ends it, with the reason if there is one. */
    synchronized void end(@Nullable Refusal why) {
        if (ended || peer.isCancelled()) {
            ended = true;
            return;
        }
        ended = true;
        if (why == null) {
            peer.onCompleted();
        } else {
            peer.onError(Statuses.toException(why));
        }
    }
}
