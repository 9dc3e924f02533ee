package io.trapline.coordinator.lease;

import io.trapline.internal.v1.NodeLife;
import io.trapline.internal.v1.RegisterNode;
import io.trapline.model.Lease;
import io.trapline.model.Pure;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Lives that wait for an earlier one of their node to end; of each node one at most, the one that came last. Each says again and again that it is there, and one
 * that does not is not waited for: a process that died while it waited must not end the life of another (D-10).
 */
@Pure
final class WaitingLives {
    /** Three renewals that did not come. */
    static final long SILENT_NANOS = Lease.RENEW_EVERY.multipliedBy(3).toNanos();

    private record Waiting(RegisterNode registration, long heardNanos) {
        NodeLife life() {
            return LeaseTable.life(registration);
        }
    }

    private final Consumer<NodeLife> refused;
    private final Map<String, Waiting> byNode = new HashMap<>();

    /** @param refused is told of each life that waits no longer and is not registered either */
    WaitingLives(Consumer<NodeLife> refused) {
        this.refused = refused;
    }

    /** One comes; it takes the place of another life that waited. The same life with another stream waits on. */
    void put(long now, RegisterNode registration) {
        Waiting before = byNode.put(registration.getNode(), new Waiting(registration, now));
        if (before != null && !before.life().equals(LeaseTable.life(registration))) {
            refused.accept(before.life());
        }
    }

    /** A life has said that it is there. */
    void heard(long now, NodeLife life) {
        byNode.computeIfPresent(
                life.getNode(),
                (node, waiting) -> waiting.life().equals(life) ? new Waiting(waiting.registration(), now) : waiting);
    }

    /** Nobody was listened to for so long. */
    void unheard(long nanos) {
        byNode.replaceAll((node, waiting) -> new Waiting(waiting.registration(), waiting.heardNanos() + nanos));
    }

    /** That life waits no longer, if it did; it is not told. */
    void remove(NodeLife life) {
        byNode.computeIfPresent(
                life.getNode(), (node, waiting) -> waiting.life().equals(life) ? null : waiting);
    }

    /** Nobody is to wait for the node's name any more. */
    void refuse(String node) {
        Waiting waiting = byNode.remove(node);
        if (waiting != null) {
            refused.accept(waiting.life());
        }
    }

    /** The life that is to follow; it waits on until it is removed. One that has fallen silent is refused. */
    Optional<RegisterNode> next(long now, String node) {
        Waiting waiting = byNode.get(node);
        if (waiting == null) {
            return Optional.empty();
        }
        if (now - waiting.heardNanos() > SILENT_NANOS) {
            refuse(node);
            return Optional.empty();
        }
        return Optional.of(waiting.registration());
    }
}
