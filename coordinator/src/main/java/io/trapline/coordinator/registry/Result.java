package io.trapline.coordinator.registry;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.model.Pure;
import java.util.List;
import java.util.Optional;

/**
 * What came of a command.
 *
 * @param answer for who asked
 * @param change for the nodes; empty where nothing that they know has changed
 * @param runs for operators: what has become of copies
 */
@Pure
public record Result(Answer answer, Optional<RegistryChange> change, List<RunChange> runs) {
    public Result {
        runs = List.copyOf(runs);
    }

    /** Of a command that changed no copy, or is not carried out now. */
    public Result(Answer answer, Optional<RegistryChange> change) {
        this(answer, change, List.of());
    }
}
