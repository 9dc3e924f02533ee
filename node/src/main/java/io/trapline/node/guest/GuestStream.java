package io.trapline.node.guest;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.trapline.model.Refusal;
import io.trapline.node.protocol.VcpusRoute;
import io.trapline.node.registry.DomainCalls;
import io.trapline.node.registry.NodeDirectory;
import io.trapline.rpc.Statuses;
import io.trapline.v1.AccessRequest;
import io.trapline.v1.AccessResponse;
import io.trapline.v1.OpenRefused;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One guest's stream. Its messages go to the actor of the domain that its first {@code open} names; from then on only that actor writes to it, and the
 * domain's end or the guest's ends it. A message is asked of the transport for each one that the actor has taken, and only while the guest reads its
 * answers: so neither side queues without a bound.
 */
final class GuestStream implements StreamObserver<AccessRequest> {
    /** How many messages of one stream may be on their way to the actor. */
    private static final int MESSAGES_UNDER_WAY = 8;

    /** The transport is asked for so many at a time, since each time wakes its thread. */
    private static final int MESSAGES_ASKED_FOR = MESSAGES_UNDER_WAY / 2;

    private final ServerCallStreamObserver<AccessResponse> guest;
    private final NodeDirectory directory;
    private final AtomicInteger owed = new AtomicInteger();
    /** Guarded by this, like every use of the stream that sends: the guest's end comes from another thread than the actor's answers. */
    private boolean closed;

    private @Nullable VcpusRoute domain;
    /** Ends the stream when the domain's actors are gone, even if it runs no vCPU. */
    private DomainCalls.@Nullable Call binding;

    private int domid;

    /** How many vCPUs the registry is opening for it; the actor's. */
    int opening;

    /** Whether it is lost; the actor's own. */
    boolean gone;

    GuestStream(ServerCallStreamObserver<AccessResponse> guest, NodeDirectory directory) {
        this.guest = guest;
        this.directory = directory;
        guest.disableAutoRequest();
        guest.setOnReadyHandler(this::requestOwed);
        guest.setOnCancelHandler(this::gone);
        guest.request(MESSAGES_UNDER_WAY);
    }

    @Override
    public void onNext(AccessRequest request) {
        VcpusRoute actor = domain;
        if (actor == null) {
            // Messages may follow the one that ended the stream.
            if (!isClosed()) {
                onFirst(request);
            }
            return;
        }
        if (request.hasBatch()) {
            actor.tell(new DomainVcpus.Batch(this, request.getBatch(), System.nanoTime()));
        } else if (request.hasOpen() && request.getOpen().getDomid() != domid) {
            Refusal other = Refusal.invalid("domid", request.getOpen().getDomid(), "this stream is of domain " + domid);
            actor.tell(new DomainVcpus.Reply(this, refused(request.getOpen().getVcpu(), other)));
        } else {
            actor.tell(new DomainVcpus.Control(this, request));
        }
    }

    private void onFirst(AccessRequest request) {
        if (!request.hasOpen()) {
            fail(Refusal.invalid("request", request.getRequestCase(), "the first message is an open"));
            return;
        }
        int asked = request.getOpen().getDomid();
        switch (directory.find(asked, request.getOpen().getDomainGeneration())) {
            case NodeDirectory.Lookup.Refused(Refusal why) -> {
                send(refused(request.getOpen().getVcpu(), why));
                taken();
            }
            case NodeDirectory.Lookup.Found(var found) -> {
                domid = asked;
                binding = found.calls().whileHere(refusal -> refusal.ifPresent(this::fail));
                domain = found.vcpus();
                found.vcpus().tell(new DomainVcpus.Control(this, request));
            }
        }
    }

    static AccessResponse refused(int vcpu, Refusal why) {
        return AccessResponse.newBuilder()
                .setOpenRefused(OpenRefused.newBuilder().setVcpu(vcpu).setStatus(Statuses.toProto(why)))
                .build();
    }

    @Override
    public void onError(Throwable failure) {
        gone();
    }

    @Override
    public void onCompleted() {
        gone();
        synchronized (this) {
            if (!closed) {
                closed = true;
                guest.onCompleted();
            }
        }
    }

    private void gone() {
        VcpusRoute actor = domain;
        if (actor != null) {
            actor.tell(new DomainVcpus.Gone(this));
        }
        DomainCalls.Call bound = binding;
        if (bound != null) {
            bound.answer(Optional.empty());
        }
    }

    /** The actor has taken a message: another may come, once the guest has read what it was sent. */
    void taken() {
        owed.incrementAndGet();
        requestOwed();
    }

    private void requestOwed() {
        if (owed.get() >= MESSAGES_ASKED_FOR && guest.isReady()) {
            int messages = owed.getAndSet(0);
            if (messages > 0) {
                guest.request(messages);
            }
        }
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    /** Called by the actor alone, once there is one. */
    synchronized void send(AccessResponse response) {
        if (!closed && !guest.isCancelled()) {
            guest.onNext(response);
        }
    }

    /** Ends the stream. */
    synchronized void fail(Refusal why) {
        if (!closed && !guest.isCancelled()) {
            closed = true;
            guest.onError(Statuses.toException(why));
        }
    }
}
