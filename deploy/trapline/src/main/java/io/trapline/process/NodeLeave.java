package io.trapline.process;

import io.trapline.node.Node;
import io.trapline.node.registry.NodeRegistry.Parts;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of a node that runs (D-27): the registry is told that this life is about to end, and it stays until others have what they can have, at most for a
 * while. Where no other node is there that is not drained, nobody can have anything, and it does not wait.
 */
final class NodeLeave {
    private static final Logger LOG = LoggerFactory.getLogger(NodeLeave.class);

    private static final Duration ASK = Duration.ofSeconds(3);
    private static final long LOOK_MILLIS = 50;
    /** A node that is not heard of has nothing that anybody could take over. */
    private static final Duration WITHOUT_LEASE = Duration.ofSeconds(3);

    private final Node node;
    private final Duration timeout;
    private final CountDownLatch skipped = new CountDownLatch(1);

    NodeLeave(Node node, Duration timeout) {
        this.node = node;
        this.timeout = timeout;
    }

    /** Somebody does not want to wait. */
    void skip() {
        skipped.countDown();
    }

    /** Until nothing is left that others could have, the time is over, or somebody does not want to wait. */
    void await() {
        long endNanos = System.nanoTime() + timeout.toNanos();
        try {
            if (timeout.isZero() || !parts().isOpen()) {
                return;
            }
            node.leave().toCompletableFuture().get(ASK.toMillis(), TimeUnit.MILLISECONDS);
            long servedNanos = System.nanoTime();
            Parts parts = parts();
            while (parts.isOpen() && parts.left() > 0) {
                long now = System.nanoTime();
                servedNanos = node.serves() ? now : servedNanos;
                if (now - endNanos >= 0 || now - servedNanos >= WITHOUT_LEASE.toNanos()) {
                    LOG.warn("{} shards and servers have not gone to other nodes, and end with this one", parts.left());
                    return;
                }
                if (skipped.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
                    LOG.warn("asked to end at once: {} shards and servers end with this node", parts.left());
                    return;
                }
                parts = parts();
            }
        } catch (ExecutionException | TimeoutException unheard) {
            LOG.warn("no coordinator heard that this node is about to end; what it has ends with it", unheard);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private Parts parts() throws ExecutionException, InterruptedException, TimeoutException {
        return node.parts().toCompletableFuture().get(ASK.toMillis(), TimeUnit.MILLISECONDS);
    }
}
