package io.trapline.process;

import io.trapline.client.DomainRef;
import io.trapline.client.Drain;
import io.trapline.client.ServerRef;
import io.trapline.client.TraplineConnection;
import io.trapline.client.TraplineException;
import io.trapline.model.AccessFlags;
import io.trapline.model.Errno;
import io.trapline.model.MemType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Several callers that claim one type for servers of their own, hold it, and release it. */
final class Claims {
    private static final MemType TYPE = MemType.ioreqServer(3);
    private static final Drain AT_ONCE = Drain.of(Duration.ofMillis(10));

    private final AtomicInteger holders = new AtomicInteger();
    private final AtomicInteger heldTwice = new AtomicInteger();
    private final AtomicInteger granted = new AtomicInteger();
    private final List<Throwable> lost = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean isClosed;

    Claims(List<TraplineConnection> connections, DomainRef domain) {
        for (TraplineConnection connection : connections) {
            ServerRef server = connection.ioreqServers().create(domain);
            threads.add(Thread.ofPlatform().name("claims-" + server.id()).start(() -> run(connection, server)));
        }
    }

    private void run(TraplineConnection connection, ServerRef server) {
        try {
            while (!isClosed) {
                claimOnce(connection, server);
            }
        } catch (RuntimeException failed) {
            synchronized (lost) {
                lost.add(failed);
            }
        }
    }

    private void claimOnce(TraplineConnection connection, ServerRef server) {
        try {
            connection.ioreqServers().mapMemType(server, TYPE, AccessFlags.WRITE);
        } catch (TraplineException refused) {
            if (!refused.is(Errno.EBUSY)) {
                throw refused;
            }
            return;
        }
        // From the answer of the claim to the call of the release it is this server's alone.
        if (holders.incrementAndGet() > 1) {
            heldTwice.incrementAndGet();
        }
        granted.incrementAndGet();
        holders.decrementAndGet();
        connection.ioreqServers().release(server, TYPE, false, AT_ONCE);
    }

    int granted() {
        return granted.get();
    }

    int heldTwice() {
        return heldTwice.get();
    }

    /** Why callers had to give up. */
    List<Throwable> lost() {
        synchronized (lost) {
            return List.copyOf(lost);
        }
    }

    /** Lets each finish what it is doing. */
    void end() throws InterruptedException {
        isClosed = true;
        for (Thread thread : threads) {
            thread.join();
        }
    }
}
