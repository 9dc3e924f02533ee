package io.trapline.sim.world.cluster.node;

import io.trapline.internal.v1.Command;
import io.trapline.internal.v1.NodeLife;
import io.trapline.sim.world.cluster.check.CopyChecks;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** What a copy needs of the others, and of the coordinators. */
interface Copies {
    /** A message to that life's copy of a domain; it may be lost, come twice, or late. */
    void send(NodeLife to, long generation, Supplier<String> what, Consumer<Copy> arrive);

    /** Asks whoever seems to lead to carry a command out; what comes of it is seen in the registry. */
    void propose(Command command);

    /** What is checked. */
    CopyChecks checks();
}
