package io.trapline.coordinator.raft;

import io.trapline.coordinator.raft.Admission.Said;
import io.trapline.coordinator.raft.ReplicaConfig.Peer;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the other coordinators until {@link Admission} knows what this one may do; blocks whoever starts it. */
final class Formation {
    private static final Logger LOG = LoggerFactory.getLogger(Formation.class);
    private static final Duration ASK_EVERY = Duration.ofMillis(200);
    private static final Duration SAY_EVERY = Duration.ofSeconds(10);

    private final ReplicaConfig config;
    private final DataDirectory directory;
    private final CountDownLatch closing;

    /** @param closing at zero it gives up */
    Formation(ReplicaConfig config, DataDirectory directory, CountDownLatch closing) {
        this.config = config;
        this.directory = directory;
        this.closing = closing;
    }

    /** What is certain without asking anybody. */
    void refuseEarly() throws StartException {
        if (decide(Map.of()) instanceof Admission.Refuse(String line)) {
            throw directory.refuse(line);
        }
    }

    /** How Raft begins. It may take as long as others need to be started; one line is logged every {@link #SAY_EVERY}. */
    Admission.Begin await(Peers peers) throws StartException, IOException, InterruptedException {
        Map<String, Optional<Said>> asked = Map.of();
        long quietUntil = System.nanoTime();
        while (true) {
            switch (decide(asked)) {
                case Admission.Start(Admission.Begin begin) -> {
                    return begin;
                }
                case Admission.Become(Admission.State state) -> {
                    directory.become(state, config.peers());
                    asked = Map.of();
                }
                case Admission.Refuse(String line) -> throw directory.refuse(line);
                case Admission.Ask(String why) -> {
                    if (!why.isEmpty() && System.nanoTime() - quietUntil >= 0) {
                        LOG.warn("{}", directory.refuse(why).getMessage());
                        quietUntil = System.nanoTime() + SAY_EVERY.toNanos();
                    }
                    if (closing.await(why.isEmpty() ? 0 : ASK_EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
                        throw directory.refuse("closed before it had started");
                    }
                    asked = ask(peers);
                }
            }
        }
    }

    private Admission.Decision decide(Map<String, Optional<Said>> asked) {
        Admission.Flags flags = new Admission.Flags(
                config.told(),
                config.clusterId().map(Object::toString),
                config.id(),
                others().stream().map(Peer::id).toList());
        return Admission.decide(directory.found(), flags, asked);
    }

    private List<Peer> others() {
        return config.peers().stream()
                .filter(peer -> !peer.id().equals(config.id()))
                .toList();
    }

    private Map<String, Optional<Said>> ask(Peers peers) throws InterruptedException {
        Map<String, CompletableFuture<Optional<Said>>> answers = new LinkedHashMap<>();
        others().forEach(peer ->
                answers.put(peer.id(), peers.ask(peer.services()).toCompletableFuture()));
        Map<String, Optional<Said>> asked = new LinkedHashMap<>();
        for (var answer : answers.entrySet()) {
            try {
                asked.put(answer.getKey(), answer.getValue().get());
            } catch (ExecutionException bug) {
                throw new IllegalStateException("asking coordinator " + answer.getKey(), bug);
            }
        }
        return asked;
    }
}
