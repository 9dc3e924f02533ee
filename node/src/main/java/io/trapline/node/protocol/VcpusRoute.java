package io.trapline.node.protocol;

/** The way to what passes a domain's accesses on and delivers their outcomes, wherever it is. What one thread tells by it arrives in order. */
@FunctionalInterface
public interface VcpusRoute {
    /** Any thread; does not wait. */
    void tell(VcpusMessage message);
}
