package io.trapline.coordinator;

import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import io.trapline.internal.v1.NodeSessionRequest;
import io.trapline.internal.v1.NodeSessionResponse;
import io.trapline.internal.v1.RegisterNode;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.internal.v1.RegistryServiceGrpc;
import io.trapline.internal.v1.SessionActivity;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

/** A node as the coordinator sees it: it acknowledges at once, unless it is told not to. */
final class FakeNode implements StreamObserver<NodeSessionResponse> {
    final List<RegistryChange> changes = new CopyOnWriteArrayList<>();
    final CompletableFuture<Throwable> ended = new CompletableFuture<>();
    private final StreamObserver<NodeSessionRequest> requests;
    private volatile boolean acknowledges = true;
    private volatile boolean drains = true;

    FakeNode(Channel channel, String name, long incarnation) {
        requests = RegistryServiceGrpc.newStub(channel).nodeSession(this);
        requests.onNext(NodeSessionRequest.newBuilder()
                .setRegister(RegisterNode.newBuilder()
                        .setNode(name)
                        .setIncarnation(incarnation)
                        .setAddress("127.0.0.1:1"))
                .build());
    }

    void stopAcknowledging() {
        acknowledges = false;
    }

    void stopDraining() {
        drains = false;
    }

    void acknowledge(long revision) {
        requests.onNext(
                NodeSessionRequest.newBuilder().setAppliedRevision(revision).build());
    }

    void drained(long drain) {
        requests.onNext(
                NodeSessionRequest.newBuilder().setDrainedRevision(drain).build());
    }

    void activity(long session) {
        requests.onNext(NodeSessionRequest.newBuilder()
                .setActivity(SessionActivity.newBuilder().addSessions(session))
                .build());
    }

    long revision() {
        return changes.isEmpty() ? 0 : changes.getLast().getRevision();
    }

    @Override
    public void onNext(NodeSessionResponse response) {
        RegistryChange change = response.getChange();
        changes.add(change);
        if (drains) {
            change.getDrainsList().forEach(drain -> drained(drain.getRevision()));
        }
        if (acknowledges) {
            acknowledge(change.getRevision());
        }
    }

    @Override
    public void onError(Throwable error) {
        ended.complete(error);
    }

    @Override
    public void onCompleted() {
        ended.complete(new IllegalStateException("completed"));
    }

    void close() {
        requests.onCompleted();
    }
}
