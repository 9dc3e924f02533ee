package io.trapline.sim.run;

import java.util.List;

/**
 * A kind of world as it is, or with one known bug planted in it.
 *
 * @param plant the bug's name, in small letters with hyphens; {@link #NONE} where everything is as it is
 * @param breaks what is wrong, in a few words
 * @param noticedBy the rules, as a {@link io.trapline.sim.check.Violation} names them, of which at least one must notice it
 */
public record Variant(String plant, String breaks, List<String> noticedBy, Start start) {
    /** The name of no plant. */
    public static final String NONE = "none";

    /** How a run begins. */
    @FunctionalInterface
    public interface Start {
        /**
         * A run that has not begun.
         *
         * @param traceLines how many of the last things that happen to remember
         */
        Run begin(long seed, int traceLines);
    }

    public Variant {
        noticedBy = List.copyOf(noticedBy);
    }

    /** Whether a bug is planted. */
    public boolean isPlanted() {
        return !plant.equals(NONE);
    }
}
