package io.trapline.node.protocol;

/** The way back to whoever asked something under a call's number, wherever that is. */
@FunctionalInterface
public interface AnswerRoute {
    /** Any thread; does not wait. An answer to a call that is over is passed over. */
    void tell(CallAnswer answer);
}
