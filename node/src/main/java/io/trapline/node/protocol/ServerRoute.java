package io.trapline.node.protocol;

/** The way to one IOREQ server, wherever it is. What one thread tells by it arrives in order. */
@FunctionalInterface
public interface ServerRoute {
    /** Any thread; does not wait. */
    void tell(ServerMessage message);
}
