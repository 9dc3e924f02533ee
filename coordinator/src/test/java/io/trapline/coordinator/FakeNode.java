package io.trapline.coordinator;

import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import io.trapline.internal.v1.Admission;
import io.trapline.internal.v1.Grant;
import io.trapline.internal.v1.NodeSessionRequest;
import io.trapline.internal.v1.NodeSessionResponse;
import io.trapline.internal.v1.RegisterNode;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.RegistryServiceGrpc;
import io.trapline.internal.v1.Renewal;
import io.trapline.internal.v1.Resignation;
import io.trapline.internal.v1.SessionActivity;
import io.trapline.model.Lease;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** A node as the coordinator sees it: it acknowledges at once and renews its lease, unless it is told not to. */
final class FakeNode implements StreamObserver<NodeSessionResponse> {
    final List<Admission> admissions = new CopyOnWriteArrayList<>();
    final List<RegistryChange> changes = new CopyOnWriteArrayList<>();
    final List<Grant> grants = new CopyOnWriteArrayList<>();
    final CompletableFuture<Throwable> ended = new CompletableFuture<>();
    private final ScheduledExecutorService renewing = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().factory());
    private final StreamObserver<NodeSessionRequest> requests;
    private boolean acknowledges = true;
    private boolean drains = true;
    private boolean renews = true;
    private long renewals;
    private long applied;

    FakeNode(Channel channel, String name, long incarnation) {
        this(channel, name, incarnation, "", 0);
    }

    FakeNode(Channel channel, String name, long incarnation, String clusterId, long knownRevision) {
        requests = RegistryServiceGrpc.newStub(channel).nodeSession(this);
        say(NodeSessionRequest.newBuilder()
                .setRegister(RegisterNode.newBuilder()
                        .setNode(name)
                        .setIncarnation(incarnation)
                        .setAddress(name + ":1"))
                .setClusterId(clusterId)
                .setKnownRevision(knownRevision));
    }

    /** Whether it has the registry and has been granted a lease. */
    boolean serves() {
        return !grants.isEmpty();
    }

    synchronized void stopAcknowledging() {
        acknowledges = false;
    }

    synchronized void stopDraining() {
        drains = false;
    }

    synchronized void stopRenewing() {
        renews = false;
    }

    synchronized void acknowledge(long revision) {
        applied = Math.max(applied, revision);
        say(NodeSessionRequest.newBuilder().setAppliedRevision(revision));
    }

    void drained(long drain) {
        say(NodeSessionRequest.newBuilder().setDrainedRevision(drain));
    }

    void activity(long session) {
        say(NodeSessionRequest.newBuilder()
                .setActivity(SessionActivity.newBuilder().addSessions(session)));
    }

    synchronized void resign() {
        renews = false;
        say(NodeSessionRequest.newBuilder().setResign(Resignation.getDefaultInstance()));
    }

    private synchronized void renew() {
        if (renews && !ended.isDone()) {
            renewals++;
            say(NodeSessionRequest.newBuilder()
                    .setRenew(Renewal.newBuilder().setNumber(renewals).setAppliedRevision(applied)));
        }
    }

    private synchronized void say(NodeSessionRequest.Builder message) {
        requests.onNext(message.build());
    }

    long revision() {
        return changes.isEmpty() ? 0 : changes.getLast().getRevision();
    }

    @Override
    public synchronized void onNext(NodeSessionResponse response) {
        switch (response.getMessageCase()) {
            case ADMITTED -> {
                admissions.add(response.getAdmitted());
                if (!response.getAdmitted().getWaiting()) {
                    long every = Lease.RENEW_EVERY.toMillis();
                    var _ = renewing.scheduleAtFixedRate(this::renew, 0, every, TimeUnit.MILLISECONDS);
                }
            }
            case GRANTED -> grants.add(response.getGranted());
            case CHANGE -> changed(response.getChange());
            case ACKNOWLEDGED -> {}
            case MESSAGE_NOT_SET -> throw new IllegalArgumentException("nothing is said");
        }
    }

    private void changed(RegistryChange change) {
        changes.add(change);
        if (acknowledges && !change.getMore()) {
            acknowledge(change.getRevision());
        }
        // A node says so only of what it has acknowledged.
        if (drains) {
            change.getDrainsList().forEach(drain -> drained(drain.getRevision()));
        }
    }

    @Override
    public void onError(Throwable error) {
        end(error);
    }

    @Override
    public void onCompleted() {
        end(new IllegalStateException("completed"));
    }

    private void end(Throwable why) {
        ended.complete(why);
        renewing.shutdown();
    }

    synchronized void close() {
        renews = false;
        requests.onCompleted();
    }
}
