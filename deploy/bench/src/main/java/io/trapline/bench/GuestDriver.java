package io.trapline.bench;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.trapline.model.AccessAttributes;
import io.trapline.v1.AccessBatch;
import io.trapline.v1.AccessRequest;
import io.trapline.v1.AccessResponse;
import io.trapline.v1.AnswerBatch;
import io.trapline.v1.GuestServiceGrpc;
import io.trapline.v1.OpenVcpu;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

/**
 * The guest of a benchmark: each vCPU keeps its window full of writes to claimed pages, in batches of fixed length. Speaks the generated messages
 * and nothing else, so that it costs the same against Trapline and against bare gRPC.
 */
final class GuestDriver implements ClientResponseObserver<AccessRequest, AccessResponse> {
    private final Load load;
    private final ByteString attributes;
    private final SplittableRandom random = new SplittableRandom(1);
    private final CountDownLatch opened;
    private final CompletableFuture<Long> failed = new CompletableFuture<>();
    private final long[] nextSequence;
    private final long[] answered;
    private final int[] arrived;
    private volatile boolean running;
    private long total;
    private ClientCallStreamObserver<AccessRequest> requests;

    @SuppressWarnings("NullAway.Init")
    private GuestDriver(Load load) {
        this.load = load;
        byte[] bits = new byte[load.rows()];
        Arrays.fill(bits, AccessAttributes.of(8, true, AccessAttributes.MEM));
        attributes = ByteString.copyFrom(bits);
        opened = new CountDownLatch(load.vcpus());
        nextSequence = new long[load.vcpus()];
        answered = new long[load.vcpus()];
        arrived = new int[load.vcpus()];
    }

    /** Connects and opens the vCPUs. */
    static GuestDriver open(ManagedChannel channel, Load load) throws InterruptedException {
        GuestDriver driver = new GuestDriver(load);
        GuestServiceGrpc.newStub(channel).access(driver);
        synchronized (driver) {
            for (int vcpu = 0; vcpu < load.vcpus(); vcpu++) {
                driver.requests.onNext(AccessRequest.newBuilder()
                        .setOpen(OpenVcpu.newBuilder()
                                .setDomid(load.domid())
                                .setVcpu(vcpu)
                                .setWindow(load.window()))
                        .build());
            }
        }
        driver.opened.await();
        return driver;
    }

    /** Keeps the windows full for that long, then lets them run empty; how many accesses were answered and in how many nanoseconds. */
    Figure run(long millis) throws InterruptedException {
        long start = System.nanoTime();
        long before;
        synchronized (this) {
            before = total;
            running = true;
            for (int vcpu = 0; vcpu < load.vcpus(); vcpu++) {
                fill(vcpu);
            }
        }
        Thread.sleep(millis);
        running = false;
        long answeredNow;
        long end;
        synchronized (this) {
            answeredNow = total - before;
            end = System.nanoTime();
        }
        drain();
        return new Figure(answeredNow, end - start);
    }

    private synchronized void drain() throws InterruptedException {
        while (!isDrained()) {
            if (failed.isDone()) {
                throw new IllegalStateException("the stream ended");
            }
            wait(100);
        }
    }

    private boolean isDrained() {
        for (int vcpu = 0; vcpu < load.vcpus(); vcpu++) {
            if (answered[vcpu] + 1 != nextSequence[vcpu]) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<AccessRequest> stream) {
        requests = stream;
    }

    @Override
    public void onNext(AccessResponse response) {
        switch (response.getResponseCase()) {
            case OPENED -> {
                nextSequence[response.getOpened().getVcpu()] =
                        response.getOpened().getNextSequence();
                answered[response.getOpened().getVcpu()] = response.getOpened().getNextSequence() - 1;
                opened.countDown();
            }
            case ANSWERS -> onAnswers(response.getAnswers());
            case ROUTE -> {}
            default -> throw new IllegalStateException("unexpected: " + response);
        }
    }

    private synchronized void onAnswers(AnswerBatch answers) {
        if (!answers.getErrno().isEmpty()) {
            throw new IllegalStateException("an access failed: " + answers);
        }
        int rows = answers.getSequenceCount();
        total += rows;
        for (int i = 0; i < rows; i++) {
            arrived[answers.getVcpuCount() == 0 ? 0 : answers.getVcpu(i)]++;
        }
        for (int vcpu = 0; vcpu < load.vcpus(); vcpu++) {
            // Every answer of a vCPU comes in order from both peers, since one emulator answers in order.
            answered[vcpu] += arrived[vcpu];
            arrived[vcpu] = 0;
            if (running) {
                fill(vcpu);
            }
        }
        if (!running) {
            notifyAll();
        }
    }

    private void fill(int vcpu) {
        while (nextSequence[vcpu] + load.rows() - 1 <= answered[vcpu] + load.window()) {
            AccessBatch.Builder batch = AccessBatch.newBuilder()
                    .setAttributes(attributes)
                    .addReceivedVcpu(vcpu)
                    .addReceivedThrough(answered[vcpu]);
            for (int i = 0; i < load.rows(); i++) {
                long value = random.nextLong();
                batch.addVcpu(vcpu);
                batch.addSequence(nextSequence[vcpu]++);
                batch.addAddress(load.firstGpa() + (value >>> 8) % ((long) load.pages() * 512) * 8);
                batch.addData(value);
            }
            requests.onNext(AccessRequest.newBuilder().setBatch(batch).build());
        }
    }

    @Override
    public synchronized void onError(Throwable failure) {
        failed.completeExceptionally(failure);
        notifyAll();
    }

    @Override
    public synchronized void onCompleted() {
        failed.complete(total);
        notifyAll();
    }

    /** How many accesses in how many nanoseconds. */
    record Figure(long accesses, long nanos) {
        double perSecond() {
            return accesses * 1e9 / nanos;
        }

        /** As a guest's process prints it and reads it back. */
        String text() {
            return accesses + " " + nanos;
        }

        static Figure parse(String text) {
            int space = text.indexOf(' ');
            return new Figure(Long.parseLong(text.substring(0, space)), Long.parseLong(text.substring(space + 1)));
        }
    }
}
