package io.trapline.sim.world.part;

/** How one client reaches nodes. */
public interface Reach {
    /**
     * Opens a stream to a node of its choice.
     *
     * @param lostAtClient run at the client when it hears that the stream is lost
     * @param lostAtNode run at the node, when it does
     */
    Connection open(String name, Runnable lostAtClient, Runnable lostAtNode);

    /** A stream, and the node that it leads to. */
    record Connection(Stream stream, Node node) {}
}
