package io.trapline.rpc;

import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.trapline.internal.v1.CoordinatorServiceGrpc;
import io.trapline.internal.v1.FindLeaderRequest;
import io.trapline.internal.v1.FindLeaderResponse;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.CreateDomainResponse;
import io.trapline.v1.Domain;
import io.trapline.v1.DomainServiceGrpc;
import io.trapline.v1.IoreqServerServiceGrpc;
import io.trapline.v1.ListDomainsRequest;
import io.trapline.v1.ListDomainsResponse;
import io.trapline.v1.RestoreRequest;
import io.trapline.v1.RestoreResponse;
import io.trapline.v1.WatchClaimsRequest;
import io.trapline.v1.WatchClaimsResponse;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A coordinator as a relay sees it: answers, refuses, is silent or breaks, as a test says. */
final class FakeCoordinator implements AutoCloseable {
    enum Manner {
        ANSWERS,
        REFUSES,
        /** As the transport says it where a write met the end of the connection first. */
        IS_CUT_OFF,
        IS_SILENT
    }

    final List<CreateDomainRequest> created = new CopyOnWriteArrayList<>();
    final List<Metadata> headers = new CopyOnWriteArrayList<>();
    final AtomicInteger listed = new AtomicInteger();
    final AtomicInteger watchMessages = new AtomicInteger();
    final CountDownLatch heard = new CountDownLatch(1);
    final CountDownLatch watched = new CountDownLatch(1);
    final CountDownLatch cancelled = new CountDownLatch(1);
    volatile Manner manner = Manner.ANSWERS;
    volatile Refusal refusal = notLeading("");
    volatile boolean leads;
    volatile long term = 1;
    volatile @Nullable Deadline deadline;

    private final String name;
    private final Server server;

    private FakeCoordinator(String name) throws IOException {
        this.name = name;
        this.server = InProcessServerBuilder.forName(name)
                .addService(new Domains())
                .addService(new Servers())
                .addService(new Finder())
                .intercept(new Headers())
                .build()
                .start();
    }

    static FakeCoordinator start(String name) throws IOException {
        return new FakeCoordinator(name);
    }

    /** The refusal of one that does not lead; {@code leader} may be empty. */
    static Refusal notLeading(String leader) {
        Refusal refusal = Refusal.of(Errno.EAGAIN, "does not lead").with("effect", "none");
        return leader.isEmpty() ? refusal : refusal.with("leader", leader);
    }

    String name() {
        return name;
    }

    void refuses(Refusal why) {
        refusal = why;
        manner = Manner.REFUSES;
    }

    /** As if its process were killed. */
    @Override
    public void close() {
        server.shutdownNow();
    }

    private <R> void respond(StreamObserver<R> observer, R answer) {
        ((ServerCallStreamObserver<R>) observer).setOnCancelHandler(cancelled::countDown);
        deadline = Context.current().getDeadline();
        heard.countDown();
        switch (manner) {
            case ANSWERS -> {
                observer.onNext(answer);
                observer.onCompleted();
            }
            case REFUSES -> observer.onError(Statuses.toException(refusal));
            case IS_CUT_OFF ->
                observer.onError(Status.UNKNOWN
                        .withDescription("channel closed")
                        .withCause(new ClosedChannelException())
                        .asRuntimeException());
            case IS_SILENT -> {}
        }
    }

    private final class Headers implements ServerInterceptor {
        @Override
        public <Q, R> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, R> call, Metadata sent, ServerCallHandler<Q, R> next) {
            headers.add(sent);
            return next.startCall(call, sent);
        }
    }

    private final class Domains extends DomainServiceGrpc.DomainServiceImplBase {
        @Override
        public void createDomain(CreateDomainRequest request, StreamObserver<CreateDomainResponse> observer) {
            created.add(request);
            respond(
                    observer,
                    CreateDomainResponse.newBuilder()
                            .setDomain(Domain.newBuilder().setDomid(42))
                            .build());
        }

        @Override
        public void listDomains(ListDomainsRequest request, StreamObserver<ListDomainsResponse> observer) {
            listed.incrementAndGet();
            respond(
                    observer,
                    ListDomainsResponse.newBuilder().setNextPageToken(name).build());
        }

        @Override
        public StreamObserver<RestoreRequest> restore(StreamObserver<RestoreResponse> observer) {
            AtomicInteger parts = new AtomicInteger();
            return new StreamObserver<>() {
                @Override
                public void onNext(RestoreRequest part) {
                    parts.incrementAndGet();
                }

                @Override
                public void onError(Throwable gone) {
                    cancelled.countDown();
                }

                @Override
                public void onCompleted() {
                    observer.onError(Statuses.toException(Refusal.of(Errno.EOPNOTSUPP, parts + " parts")));
                }
            };
        }
    }

    private final class Servers extends IoreqServerServiceGrpc.IoreqServerServiceImplBase {
        @Override
        public void watchClaims(WatchClaimsRequest request, StreamObserver<WatchClaimsResponse> observer) {
            ServerCallStreamObserver<WatchClaimsResponse> stream =
                    (ServerCallStreamObserver<WatchClaimsResponse>) observer;
            stream.setOnCancelHandler(cancelled::countDown);
            if (manner == Manner.REFUSES) {
                observer.onError(Statuses.toException(refusal));
                return;
            }
            Runnable send = () -> {
                while (stream.isReady() && !stream.isCancelled()) {
                    stream.onNext(WatchClaimsResponse.getDefaultInstance());
                    watchMessages.incrementAndGet();
                }
            };
            stream.setOnReadyHandler(send);
            watched.countDown();
        }
    }

    private final class Finder extends CoordinatorServiceGrpc.CoordinatorServiceImplBase {
        @Override
        public void findLeader(FindLeaderRequest request, StreamObserver<FindLeaderResponse> observer) {
            observer.onNext(FindLeaderResponse.newBuilder()
                    .setPeer(name)
                    .setLeads(leads)
                    .setTerm(term)
                    .build());
            observer.onCompleted();
        }
    }
}
