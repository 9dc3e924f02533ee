package io.trapline.cli.failover;

import io.trapline.client.DomainRef;
import io.trapline.client.Drain;
import io.trapline.client.IoreqServers;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.client.TraplineException;
import io.trapline.model.AccessFlags;
import io.trapline.model.MemType;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Claims a type and releases it, again and again with a pause between, and knows when each claim was asked for and granted. */
final class Claimer implements AutoCloseable {
    /** Without it the claims alone would keep two processors busy, and the cluster would not be one on an idle machine. */
    private static final long PAUSE_MILLIS = 10;

    private static final MemType TYPE = MemType.ioreqServer(0);

    private final IoreqServers servers;
    private final ServerRef server;
    private final Thread thread;
    private final AtomicReference<@Nullable TraplineException> failure = new AtomicReference<>();
    private final Queue<Granted> grants = new ArrayDeque<>();
    private volatile boolean isClosed;

    private record Granted(long calledNanos, long grantedNanos) {}

    private Claimer(TraplineConnection connection, DomainRef domain) {
        servers = connection.ioreqServers();
        server = servers.create(domain);
        thread = Thread.ofPlatform().daemon().name("claimer").unstarted(this::run);
    }

    static Claimer start(TraplineConnection connection, DomainRef domain) {
        Claimer claimer = new Claimer(connection, domain);
        claimer.thread.start();
        return claimer;
    }

    private void run() {
        try {
            while (!isClosed) {
                long calledNanos = System.nanoTime();
                servers.mapMemType(server, TYPE, AccessFlags.WRITE);
                synchronized (this) {
                    grants.add(new Granted(calledNanos, System.nanoTime()));
                    notifyAll();
                }
                servers.release(server, TYPE, false, Drain.DEFAULT);
                Thread.sleep(PAUSE_MILLIS);
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        } catch (TraplineException failed) {
            failure.set(failed);
            synchronized (this) {
                notifyAll();
            }
        }
    }

    /** Waits for the first claim that was asked for after that time; how long after it was granted. */
    synchronized Duration firstAfter(long nanos) throws InterruptedException {
        while (true) {
            TraplineException failed = failure.get();
            if (failed != null) {
                throw failed;
            }
            for (Granted one = grants.poll(); one != null; one = grants.poll()) {
                if (one.calledNanos() - nanos > 0) {
                    return Duration.ofNanos(one.grantedNanos() - nanos);
                }
            }
            wait();
        }
    }

    /** What was granted until now is of no interest. */
    synchronized void forget() {
        grants.clear();
    }

    @Override
    public void close() {
        isClosed = true;
        try {
            thread.join();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
