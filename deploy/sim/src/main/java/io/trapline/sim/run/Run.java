package io.trapline.sim.run;

import java.util.List;
import java.util.Map;

/** A simulated world that begins: everything that happens in it follows from its seed. Used by one thread. */
public interface Run {
    /**
     * Runs so many steps with everything that may go wrong, then heals and runs until nothing is left to do. Called once. Throws
     * {@link io.trapline.sim.check.Violation} where a promise is broken.
     */
    void run(int steps);

    /** How many steps there were so far. */
    long steps();

    /** What happened how often, by a word for it; the same words in every run of a kind. */
    Map<String, Long> counts();

    /** The last things that happened, a line each, if it was traced. */
    List<String> trace();
}
