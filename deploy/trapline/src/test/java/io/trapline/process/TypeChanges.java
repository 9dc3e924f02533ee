package io.trapline.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trapline.client.DomainRef;
import io.trapline.client.TraplineConnection;
import io.trapline.client.TraplineException;
import io.trapline.model.Errno;
import io.trapline.model.Gfn;
import io.trapline.model.MemType;
import io.trapline.v1.MemTypeRun;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.core.ConditionTimeoutException;

/** Somebody who gives pages a type and takes it away again, over and over, and looks each time whether all of them have what was asked for, or none (T6). */
final class TypeChanges implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int MORE = 20;

    private final TraplineConnection connection;
    private final DomainRef domain;
    private final Gfn first;
    private final long count;
    private final MemType type;
    private final AtomicLong acknowledged = new AtomicLong();
    private final AtomicBoolean ended = new AtomicBoolean();
    private final CompletableFuture<Void> all;
    /** For whoever reads why there were no more. */
    private volatile String doing = "nothing yet";

    private volatile String lastRefusal = "none";

    TypeChanges(TraplineConnection connection, DomainRef domain, Gfn first, long count, MemType type) {
        this.connection = connection;
        this.domain = domain;
        this.first = first;
        this.count = count;
        this.type = type;
        all = CompletableFuture.runAsync(this::run);
    }

    private void run() {
        MemType now = MemType.RAM_RW;
        while (!ended.get()) {
            MemType next = now == type ? MemType.RAM_RW : type;
            if (change(next)) {
                now = next;
                assertThat(types()).containsExactly(now);
                acknowledged.incrementAndGet();
            } else {
                // Type calls are carried out one after the other: when this one is, that one is over.
                await().atMost(PATIENCE).until(() -> isChanged(new Gfn(0), 1, MemType.RAM_RW));
                assertThat(types()).hasSize(1);
                now = types().getFirst();
            }
        }
    }

    private boolean change(MemType to) {
        return isChanged(first, count, to);
    }

    /** False: it may have been, or not. */
    private boolean isChanged(Gfn gfn, long pages, MemType to) {
        doing = "setting " + pages + " pages from " + gfn + " to " + to + " since " + Instant.now();
        try {
            connection.memory().setMemType(domain, gfn, pages, to);
            return true;
        } catch (TraplineException refused) {
            lastRefusal = Instant.now() + ": " + refused.getMessage();
            assertThat(refused.errno()).as("%s", refused.getMessage()).contains(Errno.EAGAIN);
            return false;
        }
    }

    private List<MemType> types() {
        doing = "listing types since " + Instant.now();
        return connection.memory().listMemTypes(domain, first, count).stream()
                .map(MemTypeRun::getType)
                .map(found -> MemType.ofCode(found.getNumber()))
                .distinct()
                .toList();
    }

    void awaitMore() {
        long before = acknowledged.get();
        try {
            await().atMost(PATIENCE).until(() -> acknowledged.get() >= before + MORE || all.isDone());
        } catch (ConditionTimeoutException late) {
            throw new AssertionError(
                    acknowledged.get() - before + " of " + MORE + " changes by " + Instant.now() + ", " + doing
                            + ", the last refusal was " + lastRefusal + ", and the domain is "
                            + connection.domains().describe(domain),
                    late);
        }
        assertThat(all).isNotCompletedExceptionally();
    }

    void end() throws ExecutionException, InterruptedException, TimeoutException {
        ended.set(true);
        all.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        ended.set(true);
    }
}
