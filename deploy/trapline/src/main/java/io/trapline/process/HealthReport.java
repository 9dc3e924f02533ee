package io.trapline.process;

import io.trapline.server.HealthPort;
import io.trapline.server.ListenAddress;
import io.trapline.server.StartException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a process says of itself at its {@link HealthPort}, where it was given one; without one all of this does nothing. Thread-safe. */
public final class HealthReport implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HealthReport.class);
    private static final Duration EVERY = Duration.ofSeconds(1);

    private final @Nullable HealthPort port;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread watching = new Thread(work, "health");
        watching.setDaemon(true);
        return watching;
    });
    private final Liveness liveness = new Liveness();

    private HealthReport(@Nullable HealthPort port) {
        this.port = port;
    }

    /** From now on the process is alive, and not ready. */
    public static HealthReport start(Optional<ListenAddress> listen) throws StartException {
        return new HealthReport(listen.isPresent() ? HealthPort.start(listen.get()) : null);
    }

    /** Whether it does what it is there for. */
    public void ready(boolean is) {
        if (port != null) {
            port.ready(is);
        }
    }

    /** From now on it is alive as long as that is answered. */
    void aliveWhile(Supplier<? extends CompletionStage<?>> question) {
        if (port != null) {
            HealthPort said = port;
            var _ = thread.scheduleWithFixedDelay(
                    () -> look(said, question), 0, EVERY.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private void look(HealthPort said, Supplier<? extends CompletionStage<?>> question) {
        synchronized (liveness) {
            said.alive(liveness.isAlive(System.nanoTime()));
            if (!liveness.ask(System.nanoTime())) {
                return;
            }
        }
        CompletionStage<?> asked;
        try {
            asked = question.get();
        } catch (RuntimeException failed) {
            // Thrown on it would end the schedule, and nobody would look again.
            LOG.warn("whether the process answers cannot be asked", failed);
            synchronized (liveness) {
                liveness.notAsked();
            }
            return;
        }
        // A refusal is an answer too.
        var _ = asked.whenComplete((answer, refusal) -> {
            synchronized (liveness) {
                liveness.answered();
            }
        });
    }

    @Override
    public void close() {
        thread.shutdownNow();
        if (port != null) {
            port.close();
        }
    }
}
