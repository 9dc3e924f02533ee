package io.trapline.sim.world.cluster.check;

import io.trapline.internal.v1.NodeLife;
import java.util.List;

/** One life of a node as it truly is, whatever anybody knows of it. */
public interface Serving {
    /** Its name and incarnation. */
    NodeLife life();

    /** Whether it would serve by its own clock at this very moment, its process stopped or not. */
    boolean serves();

    /** Up to which revision all of its actors go by the registry. */
    long appliedRevision();

    /** Revisions of the claims whose accesses it would still pass on, or pass answers of. */
    List<Long> claimsAtWork();
}
