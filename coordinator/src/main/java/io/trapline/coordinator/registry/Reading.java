package io.trapline.coordinator.registry;

import io.trapline.model.Pure;
import io.trapline.model.Refusal;
import java.util.Optional;
import java.util.function.Supplier;

/** What came of reading the registry. */
@Pure
public sealed interface Reading<T> {
    /**
     * It is there.
     *
     * @param value what was asked for
     */
    record Found<T>(T value) implements Reading<T> {}

    /**
     * It is not there.
     *
     * @param refusal why
     */
    record Refused<T>(Refusal refusal) implements Reading<T> {}

    /** The value, where nothing is refused. */
    static <T> Reading<T> unless(Optional<Refusal> refusal, Supplier<T> value) {
        return refusal.isPresent() ? new Refused<>(refusal.get()) : new Found<>(value.get());
    }
}
