package io.trapline.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.util.concurrent.ListenableFuture;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.trapline.rpc.Principals;
import io.trapline.rpc.Statuses;
import io.trapline.v1.OpenSessionRequest;
import io.trapline.v1.OpenSessionResponse;
import io.trapline.v1.RenewSessionRequest;
import io.trapline.v1.SessionServiceGrpc;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A log that can grow no further: the limit of the size of a file stands in for a full disk. */
@Tag("processes")
@DisplayName("E: a full disk")
@Timeout(300)
final class FullDiskTest {
    private static final int CALLS = 20_000;
    private static final int AT_ONCE = 200;

    @TempDir
    private Path directory;

    @Test
    void endsTheProcessAndLosesNothingThatWasAcknowledged() throws Exception {
        List<Long> acknowledged = new ArrayList<>();
        try (CoordinatorProcess process = CoordinatorProcess.start(directory, 100_000, limit(1_500))) {
            ManagedChannel channel = channel(process);
            fill(channel, acknowledged);
            assertThat(process.exitStatus(60)).isEqualTo(3);
            channel.shutdownNow();
        }
        assertThat(acknowledged).hasSizeBetween(100, CALLS - 1).doesNotHaveDuplicates();

        try (CoordinatorProcess process = CoordinatorProcess.start(directory, 100_000)) {
            ManagedChannel channel = channel(process);
            var sessions = SessionServiceGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS);
            for (long session : acknowledged) {
                sessions.renewSession(
                        RenewSessionRequest.newBuilder().setSession(session).build());
            }
            channel.shutdownNow();
        }
    }

    @Test
    void saysInOneLineWhyItCannotStart() {
        assertThatThrownBy(() -> CoordinatorProcess.start(directory, 100_000, limit(8)))
                .isInstanceOf(IOException.class)
                .hasMessage("data directory " + directory + ": the log cannot be written: File too large");
    }

    /** Opens sessions under a long name until the log is full. */
    private static void fill(ManagedChannel channel, List<Long> acknowledged) throws Exception {
        Metadata metadata = new Metadata();
        metadata.put(Principals.METADATA, "x".repeat(256));
        var sessions = SessionServiceGrpc.newFutureStub(channel)
                .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(metadata));
        ArrayDeque<ListenableFuture<OpenSessionResponse>> calls = new ArrayDeque<>();
        int called = 0;
        while (called < CALLS || !calls.isEmpty()) {
            if (called < CALLS && calls.size() < AT_ONCE) {
                calls.add(sessions.openSession(OpenSessionRequest.getDefaultInstance()));
                called++;
                continue;
            }
            try {
                acknowledged.add(calls.remove().get(60, TimeUnit.SECONDS).getSession());
            } catch (ExecutionException lost) {
                // A refusal says that nothing was done; what was in the log when it failed gets no answer at all.
                assertThat(Statuses.fromThrowable(Objects.requireNonNull(lost.getCause()))
                                .map(refusal -> refusal.errno()))
                        .isIn(java.util.Optional.empty(), java.util.Optional.of(io.trapline.model.Errno.EAGAIN));
                called = CALLS;
            }
        }
    }

    private static ManagedChannel channel(CoordinatorProcess process) {
        return NettyChannelBuilder.forAddress("127.0.0.1", process.port())
                .usePlaintext()
                .build();
    }

    private static String[] limit(int kibibytes) {
        return new String[] {"bash", "-c", "ulimit -f " + kibibytes + "; exec \"$0\" \"$@\""};
    }
}
