package io.trapline.containers;

import java.util.Map;

/** What every container and network of ours is labelled with: whoever began a run of tests can remove what an interrupted one left. */
final class RunLabel {
    private static final String NAME = "io.trapline.run";
    private static final String PROPERTY = "trapline.run";

    private RunLabel() {}

    /** The run is what the system property {@code trapline.run} says. */
    static Map<String, String> labels() {
        return Map.of(NAME, System.getProperty(PROPERTY, "test"));
    }
}
