package io.trapline.server;

/** The cluster could not start: the machine stands in the way, and one line says how. */
public final class StartException extends Exception {
    private static final long serialVersionUID = 1L;

    /** {@code message}: one line for a person. */
    public StartException(String message) {
        super(message);
    }

    /** {@code message}: one line for a person. */
    public StartException(String message, Throwable cause) {
        super(message, cause);
    }
}
