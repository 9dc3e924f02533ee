package io.trapline.coordinator.lease;

import io.trapline.coordinator.registry.RegistryView;
import java.util.function.Function;

/** How the state of this replica is read. */
public interface Views {
    /** Reads it as it is now, from any thread. */
    <T> T read(Function<RegistryView, T> reader);
}
