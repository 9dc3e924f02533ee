package io.trapline.coordinator.registry;

import io.trapline.internal.v1.Answer;
import io.trapline.internal.v1.RegistryChange;
import io.trapline.model.Pure;
import java.util.Optional;

/**
 * What came of a command.
 *
 * @param answer for who asked
 * @param change for the nodes; empty where nothing that they know has changed
 */
@Pure
public record Result(Answer answer, Optional<RegistryChange> change) {}
