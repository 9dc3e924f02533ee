package io.trapline.node.protocol;

/** The way to what carries out a domain's type calls, wherever it is. What one thread tells by it arrives in order. */
@FunctionalInterface
public interface TypesRoute {
    /** Any thread; does not wait. */
    void tell(TypesMessage message);
}
