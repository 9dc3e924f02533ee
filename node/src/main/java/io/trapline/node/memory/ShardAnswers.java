package io.trapline.node.memory;

import io.trapline.model.Refusal;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/** Waits for the answers of several shards; of refusals it passes one on. Any thread. */
final class ShardAnswers implements Consumer<Optional<Refusal>> {
    private final AtomicInteger owed;
    private final AtomicReference<Optional<Refusal>> refusal = new AtomicReference<>(Optional.empty());
    private final Consumer<Optional<Refusal>> answer;

    ShardAnswers(int shards, Consumer<Optional<Refusal>> answer) {
        owed = new AtomicInteger(shards);
        this.answer = answer;
    }

    @Override
    public void accept(Optional<Refusal> ofShard) {
        if (ofShard.isPresent()) {
            refusal.set(ofShard);
        }
        if (owed.decrementAndGet() == 0) {
            answer.accept(refusal.get());
        }
    }
}
