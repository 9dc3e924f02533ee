package io.trapline.cli.failover;

import io.trapline.client.Guest;
import io.trapline.client.TraplineException;
import io.trapline.client.Vcpu;
import io.trapline.model.Gpa;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A guest with the library: one vCPU that writes number after number, in turn to a page of a device and to memory, with a pause between. It knows how long each
 * took and what was acknowledged last. Thread-safe.
 */
final class SteadyGuest implements AutoCloseable {
    /** A page that is given the type of the device. */
    static final long DEVICE_GFN = 1;

    private static final Gpa DEVICE = new Gpa(DEVICE_GFN << 12);
    private static final Gpa MEMORY = new Gpa(2 << 12);
    private static final int WORD_BYTES = 8;
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final Vcpu vcpu;
    private final Thread thread;
    private volatile boolean isClosed;

    // Guarded by this.
    private long acknowledged;
    private long longestNanos;
    private @Nullable TraplineException failure;

    private SteadyGuest(Vcpu vcpu) {
        this.vcpu = vcpu;
        thread = Thread.ofPlatform().daemon().name("steady-guest").unstarted(this::run);
    }

    static SteadyGuest start(Guest guest) {
        SteadyGuest steady = new SteadyGuest(guest.openVcpu(0, 1));
        steady.thread.start();
        return steady;
    }

    private void run() {
        for (long number = 1; !isClosed; number++) {
            try {
                timed(DEVICE, number);
                timed(MEMORY, number);
            } catch (TraplineException failed) {
                synchronized (this) {
                    failure = failed;
                    notifyAll();
                }
                return;
            }
            synchronized (this) {
                acknowledged = number;
                notifyAll();
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    private void timed(Gpa word, long number) {
        long start = System.nanoTime();
        vcpu.write(word, WORD_BYTES, number);
        long took = System.nanoTime() - start;
        synchronized (this) {
            longestNanos = Math.max(longestNanos, took);
        }
    }

    /** Waits for as many numbers more. Fails where the guest was refused one. */
    synchronized void awaitMore(int more, Duration patience) throws InterruptedException {
        long until = acknowledged + more;
        long deadlineNanos = System.nanoTime() + patience.toNanos();
        while (acknowledged < until) {
            TraplineException failed = failure;
            if (failed != null) {
                throw failed;
            }
            long leftMillis =
                    Duration.ofNanos(deadlineNanos - System.nanoTime()).toMillis();
            if (leftMillis <= 0) {
                throw new IllegalStateException("the guest does not go on: number " + (acknowledged + 1)
                        + " has no outcome after " + patience.toMillis() + " ms");
            }
            wait(leftMillis);
        }
    }

    /** The longest that an access took since this was asked. */
    synchronized Duration takeLongest() {
        Duration longest = Duration.ofNanos(longestNanos);
        longestNanos = 0;
        return longest;
    }

    /** Lets it finish what it is at; the last number that it wrote. */
    long end() throws InterruptedException {
        isClosed = true;
        thread.join();
        synchronized (this) {
            return acknowledged;
        }
    }

    /** What is in memory where it wrote last; only after {@link #end}. */
    long inMemory() {
        return vcpu.read(MEMORY, WORD_BYTES);
    }

    @Override
    public void close() {
        isClosed = true;
        vcpu.close();
    }
}
