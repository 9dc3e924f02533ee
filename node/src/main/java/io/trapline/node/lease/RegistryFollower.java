package io.trapline.node.lease;

import io.trapline.internal.v1.RegistryChange;
import java.util.Map;

/** Who applies what a {@link CoordinatorLink} brings. Called by its actor; must not block. */
public interface RegistryFollower {
    /** A leader knows this life from now on: what it may have missed is to be said again. */
    void admitted();

    /**
     * A change, or the whole registry; in ascending order of revision, whichever coordinator it came from.
     *
     * @param taken to be run once it is applied, on any thread: then another may come
     */
    void changed(RegistryChange change, Runnable taken);

    /** Up to which of its calls the client of each session has all answers, as some node has heard; not in any order. */
    void acknowledged(Map<Long, Long> through);
}
