package io.trapline.cli.failover;

import com.google.protobuf.ByteString;
import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import io.trapline.model.Errno;
import io.trapline.v1.AccessBatch;
import io.trapline.v1.AccessRequest;
import io.trapline.v1.AccessResponse;
import io.trapline.v1.AnswerBatch;
import io.trapline.v1.GuestServiceGrpc;
import io.trapline.v1.OpenVcpu;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * A guest without the library: one vCPU that reads a page, one access after the other with a pause between, and counts what the library
 * would hide, which is every EAGAIN and every end of its stream. Thread-safe.
 */
final class PacedGuest implements StreamObserver<AccessResponse>, AutoCloseable {
    private static final Duration PAUSE = Duration.ofMillis(2);
    private static final byte READ_OF_8_BYTES = 3 | 1 << 2;
    private static final long GPA = 0x1000;

    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread sending = new Thread(work, "paced-guest");
        sending.setDaemon(true);
        return sending;
    });
    private final CompletableFuture<Void> open = new CompletableFuture<>();
    private final StreamObserver<AccessRequest> stream;

    // Guarded by this.
    private long sequence = 1;
    private long sentNanos;
    private int unavailable;
    private long longestNanos;
    private boolean isEnded;

    private PacedGuest(Channel node, int domid) {
        stream = GuestServiceGrpc.newStub(node).access(this);
        stream.onNext(AccessRequest.newBuilder()
                .setOpen(OpenVcpu.newBuilder().setDomid(domid).setVcpu(0).setWindow(1))
                .build());
    }

    /** Opens its vCPU at the node that has the domain, and begins. */
    static PacedGuest start(Channel node, int domid) throws InterruptedException {
        PacedGuest guest = new PacedGuest(node, domid);
        guest.open.join();
        return guest;
    }

    /** What it saw since the last time. */
    record Seen(int unavailable, Duration longestWait) {}

    synchronized Seen take() {
        long waitingNanos = sentNanos == 0 ? 0 : System.nanoTime() - sentNanos;
        Seen seen = new Seen(
                isEnded ? Math.max(1, unavailable) : unavailable,
                Duration.ofNanos(Math.max(longestNanos, waitingNanos)));
        unavailable = 0;
        longestNanos = 0;
        return seen;
    }

    private synchronized void send() {
        if (isEnded) {
            return;
        }
        if (sentNanos == 0) {
            sentNanos = System.nanoTime();
        }
        stream.onNext(AccessRequest.newBuilder()
                .setBatch(AccessBatch.newBuilder()
                        .addSequence(sequence)
                        .addAddress(GPA)
                        .setAttributes(ByteString.copyFrom(new byte[] {READ_OF_8_BYTES}))
                        .addReceivedVcpu(0)
                        .addReceivedThrough(sequence - 1))
                .build());
    }

    @Override
    public void onNext(AccessResponse response) {
        switch (response.getResponseCase()) {
            case OPENED -> {
                open.complete(null);
                later();
            }
            case ANSWERS -> answered(response.getAnswers());
            case OPEN_REFUSED, FENCED, REJECTED, RECEIVED_REFUSED ->
                onError(new IllegalStateException(response.toString()));
            case EVENT, ROUTE, RESPONSE_NOT_SET -> {}
        }
    }

    private synchronized void answered(AnswerBatch answers) {
        int errno = answers.getErrno().isEmpty() ? Errno.OK : answers.getErrno().byteAt(0);
        if (errno == Errno.OK) {
            longestNanos = Math.max(longestNanos, System.nanoTime() - sentNanos);
            sentNanos = 0;
            sequence++;
        } else {
            unavailable++;
        }
        later();
    }

    private void later() {
        var _ = thread.schedule(this::send, PAUSE.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void onError(Throwable lost) {
        open.completeExceptionally(lost);
        synchronized (this) {
            isEnded = true;
            unavailable++;
        }
    }

    @Override
    public void onCompleted() {
        onError(new IllegalStateException("the stream was closed"));
    }

    @Override
    public void close() {
        synchronized (this) {
            if (!isEnded) {
                isEnded = true;
                stream.onCompleted();
            }
        }
        thread.shutdownNow();
    }
}
