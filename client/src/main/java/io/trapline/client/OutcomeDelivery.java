package io.trapline.client;

import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where a guest's callbacks run: a thread of its own, a given executor, or the stream's thread. Called without any lock held. */
final class OutcomeDelivery implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OutcomeDelivery.class);

    private final @Nullable ExecutorService ownThread;
    private final Executor executor;

    OutcomeDelivery(GuestOptions options, String threadName) {
        Executor given = options.executor();
        if (given != null) {
            ownThread = null;
            executor = GuestOptions.isDirect(given) ? given : new SerialExecutor(given);
        } else {
            ownThread = Executors.newSingleThreadExecutor(work -> {
                Thread thread = new Thread(work, threadName);
                thread.setDaemon(true);
                return thread;
            });
            executor = ownThread;
        }
    }

    /** Hands outcomes over, then lets the stream they came from send its next message: so what waits here is bounded. */
    void deliver(Outcomes outcomes, @Nullable GuestStream from) {
        Runnable delivery = () -> {
            outcomes.deliver();
            if (from != null) {
                from.handled();
            }
        };
        if (outcomes.isEmpty()) {
            delivery.run();
            return;
        }
        try {
            executor.execute(delivery);
        } catch (RejectedExecutionException closed) {
            LOG.debug("closed meanwhile: the last outcomes are delivered here", closed);
            delivery.run();
        }
    }

    @Override
    public void close() {
        if (ownThread != null) {
            ownThread.shutdown();
        }
    }
}
