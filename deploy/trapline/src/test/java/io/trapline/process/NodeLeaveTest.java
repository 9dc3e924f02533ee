package io.trapline.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trapline.node.registry.NodeRegistry.Parts;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How long a node that is asked to end stays. */
@Timeout(120)
final class NodeLeaveTest {
    private static final Duration LONG = Duration.ofMinutes(5);
    private static final Duration SHORT = Duration.ofMillis(200);

    private final AtomicInteger asked = new AtomicInteger();
    private final AtomicInteger told = new AtomicInteger();
    private volatile int left = 2;
    private volatile boolean isOpen = true;
    private volatile boolean serves = true;

    private NodeLeave leave(Duration timeout, int unheard) {
        return new NodeLeave(
                () -> serves,
                () -> {
                    asked.incrementAndGet();
                    return CompletableFuture.completedFuture(new Parts(isOpen, left));
                },
                () -> tell(unheard),
                timeout);
    }

    private CompletionStage<Void> tell(int unheard) {
        return told.incrementAndGet() > unheard
                ? CompletableFuture.completedFuture(null)
                : CompletableFuture.failedFuture(new IllegalStateException("nobody leads"));
    }

    private static Thread awaited(NodeLeave leave) {
        return Thread.ofVirtual().start(leave::await);
    }

    @Test
    void staysUntilOthersHaveEverything() throws Exception {
        Thread leaving = awaited(leave(LONG, 0));
        await().until(() -> asked.get() > 2);
        assertThat(leaving.isAlive()).isTrue();

        left = 0;

        leaving.join();
        assertThat(told).hasValue(1);
    }

    @Test
    void saysAgainThatItIsAboutToEndWhileNobodyHearsIt() throws Exception {
        Thread leaving = awaited(leave(LONG, 3));
        await().until(() -> told.get() > 3);
        assertThat(leaving.isAlive()).isTrue();

        left = 0;

        leaving.join();
        assertThat(told).hasValue(4);
    }

    @Test
    void staysNoLongerThanItMay() {
        leave(SHORT, 0).await();

        assertThat(told).hasValue(1);
    }

    @Test
    void staysNoLongerThanItMayWhereNobodyHearsIt() {
        leave(SHORT, Integer.MAX_VALUE).await();

        assertThat(told).hasPositiveValue();
    }

    @Test
    void staysNotWithoutALease() {
        serves = false;

        leave(LONG, 0).await();

        assertThat(left).isEqualTo(2);
    }

    @Test
    void tellsNobodyWhereNobodyCouldHaveAnything() {
        isOpen = false;

        leave(LONG, 0).await();

        assertThat(told).hasValue(0);
    }

    @Test
    void endsAtOnceForWhoDoesNotWantToWait() {
        NodeLeave leave = leave(LONG, Integer.MAX_VALUE);
        leave.skip();

        leave.await();

        assertThat(left).isEqualTo(2);
    }
}
