package io.trapline.faults.chaos;

import io.trapline.client.DomainRef;
import io.trapline.client.TraplineConnection;
import io.trapline.client.TraplineException;
import io.trapline.v1.DomainRedundancy;
import io.trapline.v1.DomainState;
import java.io.IOException;
import java.io.Serial;
import java.time.Duration;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a cluster says of itself to who asks again where what is broken keeps it from answering. */
public final class Outlook {
    private static final Logger LOG = LoggerFactory.getLogger(Outlook.class);
    private static final Duration ANSWERS = Duration.ofSeconds(60);
    private static final long POLL_MILLIS = 50;

    private final TraplineConnection observer;

    /** Asks by that connection, which knows several addresses. */
    public Outlook(TraplineConnection observer) {
        this.observer = observer;
    }

    /** The answer of whoever can give it, for up to 60 s: what was broken before may keep some from that for a while. */
    public static <T> T asked(Supplier<Optional<T>> question) throws IOException, InterruptedException {
        long deadlineNanos = System.nanoTime() + ANSWERS.toNanos();
        while (true) {
            try {
                return question.get().orElseThrow();
            } catch (TraplineException | NoSuchElementException notNow) {
                if (System.nanoTime() > deadlineNanos) {
                    throw new IOException("the cluster does not say where things are: " + notNow.getMessage(), notNow);
                }
                TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            }
        }
    }

    /** The registry's revision. */
    public long revision() throws IOException, InterruptedException {
        return asked(() -> Optional.of(observer.cluster().version().getRevision()));
    }

    /** Whether the others notice within that time that a node's lease has ended. */
    public boolean awaitUnusable(String node, Duration patience) throws InterruptedException {
        return await(
                patience,
                () -> observer.cluster().nodes().stream()
                        .anyMatch(each -> each.getId().equals(node) && !each.getUsable()));
    }

    /**
     * Waits until a domain has both copies of all of it: only then the next fault takes none.
     *
     * @param state what is said where it does not get them; {@link IOException}, of the kind {@link OnlyCopyLostException} where it has crashed
     */
    public void awaitRedundant(DomainRef domain, Duration patience, Supplier<List<String>> state)
            throws IOException, InterruptedException {
        if (!await(patience, () -> isRedundant(domain))) {
            String why = "the domain has no second copy again within " + patience.toSeconds() + " s: "
                    + String.join("; ", state.get());
            throw isCrashed(domain) ? new OnlyCopyLostException(why) : new IOException(why);
        }
    }

    /** What was broken had the only copy of a domain, which has crashed by that, as it must. */
    public static final class OnlyCopyLostException extends IOException {
        @Serial
        private static final long serialVersionUID = 1L;

        OnlyCopyLostException(String message) {
            super(message);
        }
    }

    private boolean isCrashed(DomainRef domain) throws IOException, InterruptedException {
        return asked(() -> Optional.of(
                        observer.domains().describe(domain).getDomain().getState()))
                == DomainState.DOMAIN_STATE_CRASHED;
    }

    private boolean isRedundant(DomainRef domain) {
        return observer.domains().describe(domain).getDomain().getRedundancy()
                == DomainRedundancy.DOMAIN_REDUNDANCY_REDUNDANT;
    }

    private static boolean await(Duration patience, Supplier<Boolean> condition) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + patience.toNanos();
        while (System.nanoTime() < deadlineNanos) {
            try {
                if (condition.get()) {
                    return true;
                }
            } catch (TraplineException notNow) {
                // It was perhaps who is broken that was asked: the next attempt goes to another.
                LOG.debug("asked in vain", notNow);
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
        return false;
    }
}
