package io.trapline.node.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import io.trapline.internal.v1.AttachEmulator;
import io.trapline.internal.v1.DetachEmulator;
import io.trapline.internal.v1.ExecuteRequest;
import io.trapline.internal.v1.ExecuteResponse;
import io.trapline.internal.v1.RegistryServiceGrpc;
import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import io.trapline.node.fixture.ManualClock;
import io.trapline.rpc.Statuses;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Where a node's commands go, and which of them are proposed more than once (D-6). */
final class RegistryClientTest {
    private static final ExecuteRequest ATTACH = ExecuteRequest.newBuilder()
            .setAttachEmulator(AttachEmulator.getDefaultInstance())
            .build();
    private static final ExecuteRequest DETACH = ExecuteRequest.newBuilder()
            .setDetachEmulator(DetachEmulator.getDefaultInstance())
            .build();
    private static final ExecuteResponse DONE =
            ExecuteResponse.newBuilder().setRevision(7).build();
    private static final Refusal NOT_LEADING =
            Refusal.of(Errno.EAGAIN, "this coordinator does not lead").with("effect", "none");

    private final ManualClock clock = new ManualClock();
    private final RegistryClient client = new RegistryClient(clock);
    private final Asked first = new Asked();
    private final Asked second = new Asked();

    @AfterEach
    void stop() {
        first.close();
        second.close();
    }

    @Test
    @DisplayName("D-6: what whoever was asked did not carry out goes to whoever leads next")
    void proposesAgainWhatHadNoEffect() throws Exception {
        client.leader(Optional.of(first.channel));
        CompletableFuture<ExecuteResponse> inBand = client.execute(ATTACH).toCompletableFuture();
        CompletableFuture<ExecuteResponse> asStatus = client.execute(ATTACH).toCompletableFuture();
        first.answer(
                0,
                ExecuteResponse.newBuilder()
                        .setRefusal(Statuses.toProto(NOT_LEADING))
                        .build());
        first.fail(1, Statuses.toException(NOT_LEADING));
        client.leader(Optional.of(second.channel));
        await().until(() -> second.asked.size() == 2);
        second.answer(0, DONE);
        second.answer(1, DONE);
        assertThat(inBand.get(60, TimeUnit.SECONDS)).isEqualTo(DONE);
        assertThat(asStatus.get(60, TimeUnit.SECONDS)).isEqualTo(DONE);
    }

    @Test
    @DisplayName("what calls run on has ended with the node: whoever waits is told, and no thread dies of it")
    void failsWhatCannotBeCalledAnyMore() {
        client.leader(Optional.of(new Channel() {
            @Override
            public <Q, A> ClientCall<Q, A> newCall(MethodDescriptor<Q, A> method, CallOptions options) {
                throw new RejectedExecutionException("closed, as the test wants");
            }

            @Override
            public String authority() {
                return "closed";
            }
        }));
        assertThat(client.execute(ATTACH).toCompletableFuture()).isCompletedExceptionally();
    }

    @Test
    @DisplayName("D-6: while nobody is known to lead a command waits, for two seconds at most")
    void waitsForALeader() throws Exception {
        CompletableFuture<ExecuteResponse> waits = client.execute(ATTACH).toCompletableFuture();
        client.leader(Optional.of(first.channel));
        await().until(() -> first.asked.size() == 1);
        first.answer(0, DONE);
        assertThat(waits.get(60, TimeUnit.SECONDS)).isEqualTo(DONE);
        client.leader(Optional.empty());
        CompletableFuture<ExecuteResponse> vain = client.execute(ATTACH).toCompletableFuture();
        assertThat(vain).isNotDone();
        clock.passes(Duration.ofSeconds(2));
        await().until(vain::isCompletedExceptionally);
    }

    @Test
    @DisplayName("D-6: where the outcome is unknown, only what is the same twice is proposed again")
    void repeatsOnlyWhatIsTheSameTwice() throws Exception {
        client.leader(Optional.of(first.channel));
        CompletableFuture<ExecuteResponse> attach = client.execute(ATTACH).toCompletableFuture();
        CompletableFuture<ExecuteResponse> detach = client.execute(DETACH).toCompletableFuture();
        client.leader(Optional.of(second.channel));
        first.fail(0, Status.UNAVAILABLE.asRuntimeException());
        first.fail(1, Status.UNAVAILABLE.asRuntimeException());
        assertThat(attach).isCompletedExceptionally();
        await().until(() -> second.asked.size() == 1);
        second.answer(0, DONE);
        assertThat(detach.get(60, TimeUnit.SECONDS)).isEqualTo(DONE);
    }

    @Test
    @DisplayName("E: any other refusal is the answer")
    void takesARefusalForAnAnswer() throws Exception {
        client.leader(Optional.of(first.channel));
        CompletableFuture<ExecuteResponse> attach = client.execute(ATTACH).toCompletableFuture();
        ExecuteResponse refused = ExecuteResponse.newBuilder()
                .setRefusal(Statuses.toProto(Refusal.of(Errno.EBUSY, "held")))
                .build();
        first.answer(0, refused);
        assertThat(attach.get(60, TimeUnit.SECONDS)).isEqualTo(refused);
    }

    /** A coordinator that answers when the test wants. */
    private static final class Asked extends RegistryServiceGrpc.RegistryServiceImplBase {
        final List<StreamObserver<ExecuteResponse>> asked = new CopyOnWriteArrayList<>();
        final ManagedChannel channel;
        private final Server server;

        Asked() {
            String name = InProcessServerBuilder.generateName();
            try {
                server = InProcessServerBuilder.forName(name)
                        .directExecutor()
                        .addService(this)
                        .build()
                        .start();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
            channel = InProcessChannelBuilder.forName(name).directExecutor().build();
        }

        @Override
        public void execute(ExecuteRequest request, StreamObserver<ExecuteResponse> responses) {
            asked.add(responses);
        }

        void answer(int i, ExecuteResponse response) {
            asked.get(i).onNext(response);
            asked.get(i).onCompleted();
        }

        void fail(int i, Throwable why) {
            asked.get(i).onError(why);
        }

        void close() {
            channel.shutdownNow();
            server.shutdownNow();
        }
    }
}
