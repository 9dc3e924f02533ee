package io.trapline.coordinator.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.trapline.internal.v1.AwaitRequest;
import io.trapline.internal.v1.AwaitResponse;
import io.trapline.internal.v1.RegistryServiceGrpc;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.rpc.Statuses;
import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("D-4: asking the leader of now")
@Timeout(120)
final class InquiriesTest {
    private record Asked(AwaitRequest question, ServerCallStreamObserver<AwaitResponse> answer) {}

    private final BlockingQueue<Asked> asked = new LinkedBlockingQueue<>();
    private final AtomicLong nanos = new AtomicLong();
    private final CompletableFuture<Void> inForce = new CompletableFuture<>();
    private final CompletableFuture<Void> unknown = new CompletableFuture<>();
    private Server server;
    private ManagedChannel channel;
    private Inquiries inquiries;

    @BeforeEach
    void serve() throws IOException {
        String name = InProcessServerBuilder.generateName();
        server = InProcessServerBuilder.forName(name)
                .addService(new RegistryServiceGrpc.RegistryServiceImplBase() {
                    @Override
                    public void await(AwaitRequest question, StreamObserver<AwaitResponse> answer) {
                        ServerCallStreamObserver<AwaitResponse> stream =
                                (ServerCallStreamObserver<AwaitResponse>) answer;
                        stream.setOnCancelHandler(() -> {});
                        asked.add(new Asked(question, stream));
                    }
                })
                .build()
                .start();
        channel = InProcessChannelBuilder.forName(name).build();
        inquiries = new Inquiries(channel, nanos::get);
    }

    @AfterEach
    void close() {
        channel.shutdownNow();
        server.shutdownNow();
    }

    private static Throwable nobodyLeads() {
        return Statuses.toException(Refusal.of(Errno.EAGAIN, "no coordinator leads"));
    }

    private Runnable begin() {
        return inquiries.begin(7, 5, () -> inForce.complete(null), () -> unknown.complete(null));
    }

    private Asked asked() throws InterruptedException {
        Asked next = asked.poll(60, TimeUnit.SECONDS);
        assertThat(next).isNotNull();
        return next;
    }

    @Test
    void asksAgainWhileNobodyLeadsAndWhenOneIsLost() throws Exception {
        begin();
        Asked first = asked();
        assertThat(first.question())
                .isEqualTo(AwaitRequest.newBuilder().setRevision(7).setDrain(5).build());
        first.answer().onError(nobodyLeads());
        asked().answer().onError(Status.UNAVAILABLE.asRuntimeException());
        Asked last = asked();
        assertThat(inForce).isNotDone();

        last.answer().onNext(AwaitResponse.getDefaultInstance());
        last.answer().onCompleted();
        inForce.get(60, TimeUnit.SECONDS);
        assertThat(unknown).isNotDone();
    }

    @Test
    void nobodyKnowsWhenNobodyHasLedForLong() throws Exception {
        begin();
        asked().answer().onError(nobodyLeads());
        Asked second = asked();
        nanos.addAndGet(Inquiry.WORKED_ON.toNanos() - 1);
        second.answer().onError(nobodyLeads());
        Asked third = asked();
        nanos.addAndGet(Inquiry.WORKED_ON.toNanos() - 1);
        third.answer().onError(nobodyLeads());

        unknown.get(60, TimeUnit.SECONDS);
        assertThat(inForce).isNotDone();
    }

    @Test
    void aRefusalThatWouldBeSaidAgainIsTheEnd() throws Exception {
        begin();
        asked().answer().onError(Statuses.toException(Refusal.of(Errno.ESTALE, "another cluster")));
        unknown.get(60, TimeUnit.SECONDS);
        assertThat(asked).isEmpty();
    }

    @Test
    void whoGivesItUpHearsNothingAndNobodyIsAskedOn() throws Exception {
        Runnable cancel = begin();
        Asked first = asked();
        cancel.run();
        await().until(first.answer()::isCancelled);
        assertThat(inForce).isNotDone();
        assertThat(unknown).isNotDone();
    }
}
