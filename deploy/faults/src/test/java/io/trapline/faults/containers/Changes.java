package io.trapline.faults.containers;

import io.trapline.client.DomainRef;
import io.trapline.client.Drain;
import io.trapline.client.TraplineConnection;
import io.trapline.client.TraplineException;
import io.trapline.model.Limit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Changes of the registry, many at a time and each as long as its name may be, until closed: servers are created and destroyed that nobody uses. */
final class Changes implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Changes.class);
    private static final int AT_A_TIME = 16;
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final long PAUSE_MILLIS = 100;

    private final TraplineConnection connection;
    private final DomainRef domain;
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicLong made = new AtomicLong();

    private Changes(String addresses, DomainRef domain) {
        this.connection = TraplineConnection.builder()
                .addresses(addresses)
                .principal("x".repeat(Math.toIntExact(Limit.MAX_PRINCIPAL_BYTES.value())))
                .timeout(PATIENCE)
                .build();
        this.domain = domain;
    }

    /** Through those addresses, to that domain. */
    static Changes begin(String addresses, DomainRef domain) {
        Changes changes = new Changes(addresses, domain);
        for (int i = 0; i < AT_A_TIME; i++) {
            changes.threads.add(Thread.ofVirtual().name("changes-" + i).start(changes::makeThem));
        }
        return changes;
    }

    /** How many there were. */
    long made() {
        return made.get();
    }

    private void makeThem() {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                makeSome();
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }

    private void makeSome() throws InterruptedException {
        try {
            connection.ioreqServers().destroy(connection.ioreqServers().create(domain), Drain.NO_WAIT);
            made.addAndGet(2);
        } catch (TraplineException notNow) {
            // The one that led may have met with it just now.
            LOG.debug("no change", notNow);
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        }
    }

    @Override
    public void close() {
        threads.forEach(Thread::interrupt);
        try {
            for (Thread each : threads) {
                each.join();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        connection.close();
    }
}
