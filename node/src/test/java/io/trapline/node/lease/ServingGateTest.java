package io.trapline.node.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.node.fixture.ManualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What actors ask before they act (D-11). */
final class ServingGateTest {
    private final ManualClock clock = new ManualClock();
    private final ServingGate gate = new ServingGate(clock);

    private void open(Duration time) {
        gate.open(clock.getAsLong() + time.toNanos());
    }

    @Test
    @DisplayName("D-11: it is closed at first, open until the lease's end, and closed at that very moment")
    void closesByTheClock() {
        assertThat(gate.serves()).isFalse();
        open(Duration.ofNanos(10));
        clock.passes(Duration.ofNanos(9));
        assertThat(gate.serves()).isTrue();
        clock.passes(Duration.ofNanos(1));
        assertThat(gate.serves()).isFalse();
    }

    @Test
    @DisplayName("D-11: one whose clock is far from zero, or below it, is closed too until it is opened")
    void startsClosedOnAnyClock() {
        for (long origin : new long[] {Long.MIN_VALUE, -1, 0, Long.MAX_VALUE - 5}) {
            ServingGate other = new ServingGate(() -> origin);
            assertThat(other.serves()).isFalse();
            other.open(origin + 10);
            assertThat(other.serves(origin + 9)).isTrue();
            assertThat(other.serves(origin + 10)).isFalse();
        }
    }

    @Test
    void closesForGood() {
        open(Duration.ofDays(1));
        gate.close();
        assertThat(gate.serves()).isFalse();
    }

    @Test
    @DisplayName(
            "D-11: who waits is woken once by the next opening, at once where it is open, and not by a lease that is over already")
    void wakesWhoWaits() {
        List<String> woken = new ArrayList<>();
        Runnable actor = () -> woken.add("actor");
        gate.whenOpen(actor);
        gate.whenOpen(actor);
        gate.open(clock.getAsLong());
        assertThat(woken).isEmpty();
        open(Duration.ofNanos(10));
        open(Duration.ofNanos(20));
        assertThat(woken).containsExactly("actor");
        gate.whenOpen(() -> woken.add("other"));
        assertThat(woken).containsExactly("actor", "other");
    }

    @Test
    @DisplayName("D-11: who begins to wait while the gate is being opened is woken all the same, once")
    void losesNoWakeUp() throws Exception {
        for (int round = 0; round < 2_000; round++) {
            ServingGate each = new ServingGate(clock);
            AtomicInteger woken = new AtomicInteger();
            CountDownLatch start = new CountDownLatch(1);
            Thread opens = Thread.ofVirtual().start(() -> {
                await(start);
                each.open(clock.getAsLong() + 10);
            });
            Thread waits = Thread.ofVirtual().start(() -> {
                await(start);
                each.whenOpen(woken::incrementAndGet);
            });
            start.countDown();
            opens.join();
            waits.join();
            assertThat(woken).hasValue(1);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            if (!latch.await(60, TimeUnit.SECONDS)) {
                throw new AssertionError("nobody starts");
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
