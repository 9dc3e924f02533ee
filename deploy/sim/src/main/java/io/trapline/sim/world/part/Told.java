package io.trapline.sim.world.part;

import java.util.function.LongUnaryOperator;

/** What is told somebody, who may be on another host. */
@FunctionalInterface
public interface Told<A> {
    /** It arrives; {@code times} makes of a moment on the sender's clock the same on the receiver's. */
    void at(A receiver, LongUnaryOperator times);
}
