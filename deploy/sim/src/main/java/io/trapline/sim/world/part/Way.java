package io.trapline.sim.world.part;

import java.util.function.Supplier;

/** From one to another: what is told arrives in order, at any time. */
public interface Way {
    void tell(Supplier<String> what, Runnable arrive);

    default void tell(String what, Runnable arrive) {
        tell(() -> what, arrive);
    }
}
