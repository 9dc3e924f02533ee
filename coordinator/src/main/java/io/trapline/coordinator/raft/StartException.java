package io.trapline.coordinator.raft;

/** A replica cannot start. The message is one line for the person who started it: what is wrong, where, and what to do. */
public final class StartException extends Exception {
    public StartException(String message) {
        super(message);
    }

    public StartException(String message, Throwable cause) {
        super(message, cause);
    }
}
