package io.trapline.sim.world;

import java.util.function.Supplier;

/** Wrong seams, each of which the checks must notice. */
public enum Plant {
    /** Everything as it is. */
    NONE(Seams::new);

    @SuppressWarnings("ImmutableEnumChecker") // A constructor reference holds nothing.
    private final Supplier<Seams> seams;

    Plant(Supplier<Seams> seams) {
        this.seams = seams;
    }

    Seams seams() {
        return seams.get();
    }
}
