package io.trapline.coordinator.raft;

import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** How other coordinators are asked what they are, before Raft runs. */
@FunctionalInterface
public interface Peers {
    /** Whoever starts a group of one asks nobody. */
    Peers NOBODY = address -> {
        throw new IllegalStateException("a group of one asks nobody, not " + address);
    };

    /**
     * Asks one, and gives up after a while of its own.
     *
     * @param address where its services are, {@code host:port}
     * @return what it said; empty = no answer. Never fails.
     */
    CompletionStage<Optional<Admission.Said>> ask(String address);
}
