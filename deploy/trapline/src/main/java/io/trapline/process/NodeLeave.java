package io.trapline.process;

import io.trapline.node.Node;
import io.trapline.node.registry.Departure;
import io.trapline.node.registry.NodeRegistry.Parts;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of a node that runs (D-27): the registry is told that this life is about to end, and it stays until others have what they can have, at most for a
 * while. Where no other node is there that is not drained, nobody can have anything, and it does not wait.
 */
final class NodeLeave {
    private static final Logger LOG = LoggerFactory.getLogger(NodeLeave.class);

    private final BooleanSupplier serves;
    private final Supplier<CompletionStage<Parts>> asksParts;
    private final Supplier<CompletionStage<Void>> tells;
    private final Duration timeout;
    private final CountDownLatch skipped = new CountDownLatch(1);

    /**
     * The end of a node.
     *
     * @param serves whether it has a lease now
     * @param parts what others would miss of it, as {@link Node#parts}
     * @param tells tells the registry that it is about to end, as {@link Node#leave}; more than once does no harm
     * @param timeout how long it stays at most; zero = not at all
     */
    NodeLeave(
            BooleanSupplier serves,
            Supplier<CompletionStage<Parts>> parts,
            Supplier<CompletionStage<Void>> tells,
            Duration timeout) {
        this.serves = serves;
        this.asksParts = parts;
        this.tells = tells;
        this.timeout = timeout;
    }

    /** Somebody does not want to wait. */
    void skip() {
        skipped.countDown();
    }

    /** Until nothing is left that others could have, the time is over, or somebody does not want to wait. */
    void await() {
        if (timeout.isZero()) {
            return;
        }
        try {
            awaitLeft();
        } catch (ExecutionException | TimeoutException stuck) {
            LOG.error("this node does not say what it has; that ends with it", stuck);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void awaitLeft() throws ExecutionException, InterruptedException, TimeoutException {
        Departure departure = new Departure(System.nanoTime(), timeout);
        Parts parts = parts();
        while (departure.mayGain(parts.isOpen(), parts.left())) {
            if (!departure.isHeard() && tell()) {
                departure.heard();
            }
            long now = System.nanoTime();
            if (departure.isOver(now, serves.getAsBoolean())) {
                LOG.warn(
                        "{}: {} shards and servers have not gone to other nodes, and end with this one",
                        why(departure.isHeard(), departure.isLate(now)),
                        parts.left());
                return;
            }
            if (skipped.await(Departure.LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.warn("asked to end at once: {} shards and servers end with this node", parts.left());
                return;
            }
            parts = parts();
        }
    }

    private String why(boolean isHeard, boolean isLate) {
        if (!isHeard) {
            return "no coordinator has heard that this node is about to end";
        }
        return isLate
                ? "no other node had room or time for them in " + timeout.toSeconds() + " s (--drain-timeout)"
                : "this node has no lease any more";
    }

    /** Whether it has been heard. */
    private boolean tell() throws InterruptedException {
        try {
            tells.get().toCompletableFuture().get(Departure.HEARD_WITHIN.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (ExecutionException | TimeoutException unheard) {
            LOG.info("no coordinator has heard yet that this node is about to end", unheard);
            return false;
        }
    }

    private Parts parts() throws ExecutionException, InterruptedException, TimeoutException {
        return asksParts.get().toCompletableFuture().get(Departure.HEARD_WITHIN.toMillis(), TimeUnit.MILLISECONDS);
    }
}
