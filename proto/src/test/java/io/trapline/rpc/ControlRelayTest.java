package io.trapline.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.inprocess.InProcessSocketAddress;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.v1.CreateDomainRequest;
import io.trapline.v1.DomainServiceGrpc;
import io.trapline.v1.IoreqServerServiceGrpc;
import io.trapline.v1.ListDomainsRequest;
import io.trapline.v1.ListDomainsResponse;
import io.trapline.v1.RequestId;
import io.trapline.v1.RestoreRequest;
import io.trapline.v1.RestoreResponse;
import io.trapline.v1.WatchClaimsRequest;
import io.trapline.v1.WatchClaimsResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A relay before three coordinators that move, break, refuse and keep silent (D-6). */
@Timeout(120)
final class ControlRelayTest {
    private static final ListDomainsRequest QUESTION = ListDomainsRequest.getDefaultInstance();
    private static final CreateDomainRequest CHANGE =
            CreateDomainRequest.newBuilder().setDomid(7).setNrPages(16).build();
    private static final CreateDomainRequest NAMED_CHANGE = CHANGE.toBuilder()
            .setRequestId(RequestId.newBuilder().setSession(5).setNumber(1))
            .build();

    private final List<AutoCloseable> open = new ArrayList<>();
    private FakeCoordinator a;
    private FakeCoordinator b;
    private FakeCoordinator c;
    private ControlRelay relay;
    private ManagedChannel channel;

    @BeforeEach
    void start() throws IOException {
        a = fake("a");
        b = fake("b");
        c = fake("c");
        relay = new ControlRelay(List.of(a.name(), b.name(), c.name()), ControlRelayTest::channelTo);
        open.add(relay);
        InProcessServerBuilder server = InProcessServerBuilder.forName("relay-" + UUID.randomUUID());
        relay.services(DomainServiceGrpc.getServiceDescriptor(), IoreqServerServiceGrpc.getServiceDescriptor())
                .forEach(server::addService);
        channel = serve(server);
    }

    private FakeCoordinator fake(String name) throws IOException {
        FakeCoordinator fake = FakeCoordinator.start(name + "-" + UUID.randomUUID());
        open.add(fake);
        return fake;
    }

    private static ManagedChannel channelTo(String name) {
        return InProcessChannelBuilder.forName(name)
                .propagateCauseWithStatus(true)
                .build();
    }

    private ManagedChannel serve(InProcessServerBuilder builder) throws IOException {
        Server server = builder.build().start();
        ManagedChannel to =
                channelTo(((InProcessSocketAddress) server.getListenSockets().get(0)).getName());
        open.add(to::shutdownNow);
        open.add(server::shutdownNow);
        return to;
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable one : open) {
            one.close();
        }
    }

    private DomainServiceGrpc.DomainServiceBlockingStub domains() {
        return DomainServiceGrpc.newBlockingStub(channel);
    }

    private static StatusRuntimeException failureOf(Runnable call) {
        return catchThrowableOfType(StatusRuntimeException.class, call::run);
    }

    private static Optional<Refusal> refusalOf(Throwable failure) {
        return Statuses.fromThrowable(failure);
    }

    @Test
    void passesACallOnWithItsMetadataAndDeadlineAndItsAnswerBack() {
        Metadata principal = new Metadata();
        principal.put(Principals.METADATA, "gpu");
        var response = domains()
                .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(principal))
                .withDeadlineAfter(20, TimeUnit.SECONDS)
                .createDomain(NAMED_CHANGE);

        assertThat(response.getDomain().getDomid()).isEqualTo(42);
        assertThat(a.created).containsExactly(NAMED_CHANGE);
        Metadata seen = a.headers.get(0);
        assertThat(seen.get(Principals.METADATA)).isEqualTo("gpu");
        assertThat(seen.get(ControlRelay.RELAYED)).isEqualTo("1");
        assertThat(a.deadline)
                .isNotNull()
                .satisfies(passed ->
                        assertThat(passed.timeRemaining(TimeUnit.SECONDS)).isBetween(1L, 20L));
    }

    @Test
    void passesARefusalBackAsItIs() {
        Refusal taken = Refusal.of(Errno.EEXIST, "domid = 7: taken").with("domid", 7);
        a.refuses(taken);
        StatusRuntimeException failure = failureOf(() -> domains().createDomain(NAMED_CHANGE));
        assertThat(refusalOf(failure)).contains(taken);
        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.ALREADY_EXISTS);
        assertThat(a.created).hasSize(1);
    }

    @Test
    void anEagainThatDoesNotSayThatItHadNoEffectIsPassedBack() {
        Refusal overloaded = Refusal.of(Errno.EAGAIN, "too many calls");
        a.refuses(overloaded);
        assertThat(refusalOf(failureOf(() -> domains().createDomain(NAMED_CHANGE))))
                .contains(overloaded);
        assertThat(a.created).hasSize(1);
    }

    @Test
    void followsTheLeaderThatARefusalNames() {
        a.refuses(FakeCoordinator.notLeading(c.name()));
        assertThat(domains().createDomain(CHANGE).getDomain().getDomid()).isEqualTo(42);
        assertThat(c.created).hasSize(1);
        assertThat(b.created).isEmpty();
        domains().createDomain(CHANGE);
        assertThat(a.created).as("the leader is remembered").hasSize(1);
    }

    @Test
    void goesRoundWhereNobodyIsNamed() {
        a.refuses(FakeCoordinator.notLeading(""));
        b.refuses(FakeCoordinator.notLeading(""));
        assertThat(domains().createDomain(CHANGE).getDomain().getDomid()).isEqualTo(42);
        assertThat(c.created).hasSize(1);
    }

    @Test
    void goesRoundThoseThatThereAreNowWhereAllThatItWasMadeWithWereReplaced() throws IOException {
        FakeCoordinator d = fake("d");
        FakeCoordinator e = fake("e");
        for (FakeCoordinator replaced : List.of(a, b, c)) {
            replaced.close();
        }
        relay.found(d.name(), List.of(d.name(), e.name()));
        domains().createDomain(CHANGE);
        assertThat(d.created).hasSize(1);

        d.refuses(FakeCoordinator.notLeading(""));
        domains().createDomain(CHANGE);
        assertThat(e.created).hasSize(1);
    }

    @Test
    void passesNothingOnThatWasPassedOnToIt() {
        Metadata relayed = new Metadata();
        relayed.put(ControlRelay.RELAYED, "1");

        Refusal refusal = refusalOf(failureOf(() -> domains()
                        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(relayed))
                        .createDomain(CHANGE)))
                .orElseThrow();

        assertThat(refusal.errno()).isEqualTo(Errno.EAGAIN);
        assertThat(refusal.metadata()).containsEntry("effect", "none").containsEntry("no_coordinator", "true");
        assertThat(a.created).isEmpty();
    }

    @Test
    void findsTheCoordinatorWhereItsNameLeadsNow() throws IOException {
        // Its address is another relay's by now, which is what its name leads to at first.
        InProcessServerBuilder wrong = InProcessServerBuilder.forName("wrong-" + UUID.randomUUID());
        relay.services(DomainServiceGrpc.getServiceDescriptor()).forEach(wrong::addService);
        Server taken = wrong.build().start();
        open.add(taken::shutdownNow);
        MovingName name = new MovingName(taken.getListenSockets().get(0), new InProcessSocketAddress(a.name()));
        open.add(name);
        ControlRelay ofName = new ControlRelay(
                List.of("coordinator"),
                address -> InProcessChannelBuilder.forTarget(name.target()).build());
        open.add(ofName);
        InProcessServerBuilder server = InProcessServerBuilder.forName("relay-" + UUID.randomUUID());
        ofName.services(DomainServiceGrpc.getServiceDescriptor()).forEach(server::addService);

        var answer = DomainServiceGrpc.newBlockingStub(serve(server)).createDomain(CHANGE);

        assertThat(answer.getDomain().getDomid()).isEqualTo(42);
        assertThat(a.created).hasSize(1);
        assertThat(name.lookups()).isEqualTo(2);
    }

    @Test
    void connectsAnewToWhoSaysThatItIsNotItself() throws IOException {
        // Another coordinator, which knows who leads, and that this is where the one is that was looked for.
        b.refuses(FakeCoordinator.notLeading("coordinator"));
        MovingName name = new MovingName(new InProcessSocketAddress(b.name()), new InProcessSocketAddress(a.name()));
        open.add(name);
        ControlRelay ofName = new ControlRelay(
                List.of("coordinator"),
                address -> InProcessChannelBuilder.forTarget(name.target()).build());
        open.add(ofName);
        InProcessServerBuilder server = InProcessServerBuilder.forName("relay-" + UUID.randomUUID());
        ofName.services(DomainServiceGrpc.getServiceDescriptor()).forEach(server::addService);

        DomainServiceGrpc.newBlockingStub(serve(server)).createDomain(CHANGE);

        assertThat(a.created).hasSize(1);
    }

    @Test
    void waitsForALeaderToBeElected() throws Exception {
        a.refuses(FakeCoordinator.notLeading(""));
        b.refuses(FakeCoordinator.notLeading(""));
        c.refuses(FakeCoordinator.notLeading(""));
        var answer = DomainServiceGrpc.newFutureStub(channel).createDomain(CHANGE);
        await().until(() -> !a.created.isEmpty() && !b.created.isEmpty() && !c.created.isEmpty());
        b.manner = FakeCoordinator.Manner.ANSWERS;
        assertThat(answer.get().getDomain().getDomid()).isEqualTo(42);
    }

    @Test
    void saysThatNothingWasDoneWhereNobodyLeads() {
        a.refuses(FakeCoordinator.notLeading(""));
        b.refuses(FakeCoordinator.notLeading(""));
        c.close();
        Refusal refusal =
                refusalOf(failureOf(() -> domains().createDomain(CHANGE))).orElseThrow();
        assertThat(refusal.errno()).isEqualTo(Errno.EAGAIN);
        assertThat(refusal.metadata()).containsEntry("effect", "none");
    }

    @Test
    void repeatsAChangeThatNamesItsRequestWhereItsLeaderIsKilled() throws Exception {
        a.manner = FakeCoordinator.Manner.IS_SILENT;
        var answer = DomainServiceGrpc.newFutureStub(channel).createDomain(NAMED_CHANGE);
        a.heard.await();
        a.close();
        assertThat(answer.get().getDomain().getDomid()).isEqualTo(42);
        assertThat(b.created).containsExactly(NAMED_CHANGE);
    }

    @Test
    void takesAConnectionThatIsCutForALostCoordinatorHoweverTheTransportCallsIt() {
        a.manner = FakeCoordinator.Manner.IS_CUT_OFF;
        assertThat(domains().createDomain(NAMED_CHANGE).getDomain().getDomid()).isEqualTo(42);
        assertThat(a.created).hasSize(1);
        assertThat(b.created).containsExactly(NAMED_CHANGE);
    }

    @Test
    void doesNotRepeatAChangeThatNamesNoRequestAndSaysThatItsOutcomeIsUnknown() throws Exception {
        a.manner = FakeCoordinator.Manner.IS_SILENT;
        var answer = DomainServiceGrpc.newFutureStub(channel).createDomain(CHANGE);
        a.heard.await();
        a.close();
        StatusRuntimeException failure = failureOf(() -> get(answer));
        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(refusalOf(failure)).isEmpty();
        assertThat(b.created).isEmpty();
        assertThat(c.created).isEmpty();
    }

    @Test
    void repeatsAQuestion() throws Exception {
        a.manner = FakeCoordinator.Manner.IS_SILENT;
        var answer = DomainServiceGrpc.newFutureStub(channel).listDomains(QUESTION);
        a.heard.await();
        a.close();
        assertThat(answer.get().getNextPageToken()).isEqualTo(b.name());
    }

    @Test
    void leavesALeaderThatIsStoppedForTheOneThatLeadsNow() throws Exception {
        a.manner = FakeCoordinator.Manner.IS_SILENT;
        ListenableFuture<ListDomainsResponse> answer =
                DomainServiceGrpc.newFutureStub(channel).listDomains(QUESTION);
        a.heard.await();
        c.term = 2;
        c.leads = true;
        assertThat(answer.get().getNextPageToken()).isEqualTo(c.name());
        a.cancelled.await();
    }

    @Test
    void believesALeaderOfAnOlderTermNoMore() {
        relay.leads(c.name(), 7);
        relay.leads(b.name(), 6);
        assertThat(domains().listDomains(QUESTION).getNextPageToken()).isEqualTo(c.name());
    }

    @Test
    void passesCancellationOn() throws Exception {
        a.manner = FakeCoordinator.Manner.IS_SILENT;
        var answer = DomainServiceGrpc.newFutureStub(channel).createDomain(NAMED_CHANGE);
        a.heard.await();
        answer.cancel(true);
        a.cancelled.await();
        assertThat(b.created).isEmpty();
    }

    @Test
    void aWatchIsNotReadFasterThanItsClientTakesIt() throws Exception {
        Watching watching = watch(channel);
        a.watched.await();
        watching.call().request(3);
        await().until(() -> watching.received() == 3);
        int ahead = a.watchMessages.get();
        assertThat(ahead).as("a few are on their way, not all there are").isLessThan(64);
        watching.call().cancel("enough", null);
        a.cancelled.await();
    }

    @Test
    void aWatchWhoseLeaderIsKilledEndsWithEagain() throws Exception {
        Watching watching = watch(channel);
        watching.call().request(1);
        await().until(() -> watching.received() == 1);
        a.close();
        Refusal refusal = refusalOf(watching.ended.get()).orElseThrow();
        assertThat(refusal.errno()).isEqualTo(Errno.EAGAIN);
        assertThat(b.watched.getCount())
                .as("begun again by its client, not by the relay")
                .isEqualTo(1);
    }

    @Test
    void aWatchWhoseLeaderIsStoppedEndsWithEagain() throws Exception {
        Watching watching = watch(channel);
        watching.call().request(1);
        await().until(() -> watching.received() == 1);
        b.term = 2;
        b.leads = true;
        assertThat(refusalOf(watching.ended.get()).orElseThrow().errno()).isEqualTo(Errno.EAGAIN);
    }

    @Test
    void aWatchFindsTheLeaderBeforeItBegins() throws Exception {
        a.refuses(FakeCoordinator.notLeading(b.name()));
        Watching watching = watch(channel);
        watching.call().request(1);
        await().until(() -> watching.received() == 1);
        assertThat(b.watched.getCount()).isZero();
    }

    @Test
    void passesAStreamOfRequestsOnAsItComes() throws Exception {
        CompletableFuture<Throwable> ended = new CompletableFuture<>();
        StreamObserver<RestoreRequest> parts =
                DomainServiceGrpc.newStub(channel).restore(new Ending(ended));
        for (int i = 0; i < 100; i++) {
            parts.onNext(RestoreRequest.getDefaultInstance());
        }
        parts.onCompleted();
        assertThat(refusalOf(ended.get())).contains(Refusal.of(Errno.EOPNOTSUPP, "100 parts"));
    }

    @Test
    void aCoordinatorRelaysUnlessItLeadsAndNeverWhatWasRelayed() throws Exception {
        FakeCoordinator own = fake("own");
        boolean[] leads = {false};
        InProcessServerBuilder server = InProcessServerBuilder.forName("own-" + UUID.randomUUID());
        server.addService(ServerInterceptors.intercept(
                new DomainServiceGrpc.DomainServiceImplBase() {
                    @Override
                    public void listDomains(ListDomainsRequest request, StreamObserver<ListDomainsResponse> observer) {
                        observer.onNext(ListDomainsResponse.newBuilder()
                                .setNextPageToken(own.name())
                                .build());
                        observer.onCompleted();
                    }
                },
                relay.unless(() -> leads[0])));
        Channel to = serve(server);
        var stub = DomainServiceGrpc.newBlockingStub(to);
        Metadata relayed = new Metadata();
        relayed.put(ControlRelay.RELAYED, "1");

        assertThat(stub.listDomains(QUESTION).getNextPageToken()).isEqualTo(a.name());
        assertThat(stub.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(relayed))
                        .listDomains(QUESTION)
                        .getNextPageToken())
                .isEqualTo(own.name());
        leads[0] = true;
        assertThat(stub.listDomains(QUESTION).getNextPageToken()).isEqualTo(own.name());
    }

    @Test
    void takesOnNoMoreBytesThanItMayHold() {
        a.manner = FakeCoordinator.Manner.IS_SILENT;
        ByteString large = ByteString.copyFrom(new byte[3 << 20]);
        CreateDomainRequest request = CreateDomainRequest.newBuilder()
                .setUnknownFields(UnknownFieldSet.newBuilder()
                        .addField(
                                1000,
                                UnknownFieldSet.Field.newBuilder()
                                        .addLengthDelimited(large)
                                        .build())
                        .build())
                .build();
        List<ListenableFuture<?>> calls = new ArrayList<>();
        for (int i = 0; i < 21; i++) {
            calls.add(DomainServiceGrpc.newFutureStub(channel).createDomain(request));
        }
        await().until(() -> a.created.size() == 21);
        StatusRuntimeException failure = failureOf(() -> domains().createDomain(request));
        assertThat(refusalOf(failure).orElseThrow().errno()).isEqualTo(Errno.EAGAIN);
        calls.forEach(call -> call.cancel(true));
        a.manner = FakeCoordinator.Manner.ANSWERS;
        await().untilAsserted(() -> assertThat(
                        domains().createDomain(request).getDomain().getDomid())
                .isEqualTo(42));
    }

    @Test
    void whatIsUnderWayEndsWithTheRelay() throws Exception {
        a.manner = FakeCoordinator.Manner.IS_SILENT;
        var answer = DomainServiceGrpc.newFutureStub(channel).createDomain(NAMED_CHANGE);
        a.heard.await();
        relay.close();
        assertThat(failureOf(() -> get(answer)).getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    }

    private static void get(ListenableFuture<?> answer) {
        try {
            answer.get();
        } catch (ExecutionException failed) {
            throw (StatusRuntimeException) failed.getCause();
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    private static Watching watch(Channel to) {
        Watching watching = new Watching();
        IoreqServerServiceGrpc.newStub(to).watchClaims(WatchClaimsRequest.getDefaultInstance(), watching);
        return watching;
    }

    /** A watch whose messages are taken one by one. */
    private static final class Watching implements ClientResponseObserver<WatchClaimsRequest, WatchClaimsResponse> {
        private final CompletableFuture<Throwable> ended = new CompletableFuture<>();
        private final CompletableFuture<ClientCallStreamObserver<WatchClaimsRequest>> call = new CompletableFuture<>();
        private int received;

        ClientCallStreamObserver<WatchClaimsRequest> call() {
            return call.join();
        }

        synchronized int received() {
            return received;
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<WatchClaimsRequest> observer) {
            observer.disableAutoRequestWithInitial(0);
            call.complete(observer);
        }

        @Override
        public synchronized void onNext(WatchClaimsResponse message) {
            received++;
        }

        @Override
        public void onError(Throwable failure) {
            ended.complete(failure);
        }

        @Override
        public void onCompleted() {
            ended.complete(new IllegalStateException("completed"));
        }
    }

    private record Ending(CompletableFuture<Throwable> ended) implements StreamObserver<RestoreResponse> {
        @Override
        public void onNext(RestoreResponse response) {}

        @Override
        public void onError(Throwable failure) {
            ended.complete(failure);
        }

        @Override
        public void onCompleted() {
            ended.complete(new IllegalStateException("completed"));
        }
    }
}
