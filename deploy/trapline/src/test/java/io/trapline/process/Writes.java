package io.trapline.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trapline.client.Vcpu;
import io.trapline.model.Gpa;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;

/** A guest that writes number after number, and what it knows of memory by what it was told. */
final class Writes implements AutoCloseable {
    static final int WINDOW = 32;

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int SLOTS = 512;
    /** So many writes more mean that the guest goes on. */
    private static final int MORE = 500;

    private final Vcpu vcpu;
    private final AtomicLong acknowledged = new AtomicLong();
    private final AtomicBoolean ended = new AtomicBoolean();
    private final CompletableFuture<Long> last;
    private final long base;

    /** @param base the address of the first of its 512 words */
    Writes(Vcpu vcpu, long base) {
        this.vcpu = vcpu;
        this.base = base;
        last = CompletableFuture.supplyAsync(this::run);
    }

    private long run() {
        long next = 0;
        CompletableFuture<?>[] window = new CompletableFuture<?>[WINDOW];
        while (!ended.get()) {
            for (int i = 0; i < WINDOW; i++, next++) {
                window[i] = vcpu.writeAsync(slot(next), 8, next + 1).thenRun(acknowledged::incrementAndGet);
            }
            CompletableFuture.allOf(window).join();
        }
        return next;
    }

    private Gpa slot(long number) {
        return new Gpa(base + 8 * (number % SLOTS));
    }

    void awaitMore() {
        long before = acknowledged.get();
        await().atMost(PATIENCE).until(() -> acknowledged.get() >= before + MORE || last.isDone());
        assertThat(last).isNotCompletedExceptionally();
    }

    void end() throws ExecutionException, InterruptedException, TimeoutException {
        ended.set(true);
        last.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    long written() {
        return last.join();
    }

    /** Every slot has what was written there last. */
    void check() {
        long written = last.join();
        List<Long> expected = LongStream.range(Math.max(0, written - SLOTS), written)
                .mapToObj(number -> number + 1)
                .toList();
        List<Long> found = LongStream.range(Math.max(0, written - SLOTS), written)
                .mapToObj(number -> vcpu.read(slot(number), 8))
                .toList();
        assertThat(found).isEqualTo(expected);
    }

    @Override
    public void close() {
        ended.set(true);
    }
}
