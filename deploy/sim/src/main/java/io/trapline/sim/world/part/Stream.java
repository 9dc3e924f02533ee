package io.trapline.sim.world.part;

import java.util.function.Supplier;

/** One stream between a client and a node: each direction in order, until it is lost with what is on its way. */
public interface Stream {
    boolean isCut();

    void toNode(Supplier<String> what, Runnable arrive);

    void toClient(Supplier<String> what, Runnable arrive);

    /** How many messages are on their way to the client. */
    int underWayToClient();

    /** It is cut; both ends hear of it some time later. */
    void cut();

    /** The node ends it: what it said before arrives first. */
    void end(Supplier<String> what, Runnable client);
}
