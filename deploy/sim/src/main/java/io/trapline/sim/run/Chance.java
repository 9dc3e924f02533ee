package io.trapline.sim.run;

import java.util.List;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/** The one source of chance of a world, and who remembers what happens in it. */
public interface Chance {
    RandomGenerator random();

    /** Whether something happens that does once in so many times. */
    default boolean oneIn(int times) {
        return random().nextInt(times) == 0;
    }

    /** From 0 to that, both included. */
    default int upTo(int most) {
        return random().nextInt(most + 1);
    }

    /** One of those; there is one. */
    default <T> T oneOf(List<T> all) {
        return all.get(random().nextInt(all.size()));
    }

    /** For a reader of the trace. */
    void say(Supplier<String> line);
}
