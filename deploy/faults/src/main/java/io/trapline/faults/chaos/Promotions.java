package io.trapline.faults.chaos;

import io.trapline.client.DomainRef;
import io.trapline.client.TraplineConnection;
import io.trapline.client.TraplineException;
import io.trapline.v1.DomainShard;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts how often a shard of a domain gets another primary, by asking where they are every now and then. Thread-safe. */
public final class Promotions implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Promotions.class);
    private static final long EVERY_MILLIS = 100;

    private final TraplineConnection observer;
    private final DomainRef domain;
    private final Map<Long, String> primaries = new HashMap<>();
    private final Thread thread;
    private final AtomicLong count = new AtomicLong();

    private Promotions(TraplineConnection observer, int domid) {
        this.observer = observer;
        this.domain = DomainRef.of(domid);
        this.thread = Thread.ofVirtual().name("promotions").unstarted(this::watch);
    }

    /** Begins to count, for that domain, until it is closed. */
    public static Promotions watch(TraplineConnection observer, int domid) {
        Promotions promotions = new Promotions(observer, domid);
        promotions.thread.start();
        return promotions;
    }

    /** How many there were. */
    public long count() {
        return count.get();
    }

    private void watch() {
        try {
            while (true) {
                look();
                TimeUnit.MILLISECONDS.sleep(EVERY_MILLIS);
            }
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }

    private void look() {
        try {
            long more = 0;
            for (DomainShard shard : observer.domains().describe(domain).getShardsList()) {
                String before = primaries.put(shard.getFirstGfn(), shard.getPrimary());
                more += before == null || before.equals(shard.getPrimary()) ? 0 : 1;
            }
            count.addAndGet(more);
        } catch (TraplineException notNow) {
            LOG.debug("asked in vain", notNow);
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
