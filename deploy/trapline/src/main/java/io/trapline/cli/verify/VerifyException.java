package io.trapline.cli.verify;

/** There is nothing to examine; the message says in one line what is missing. */
public final class VerifyException extends Exception {
    private static final long serialVersionUID = 1L;

    /** {@code message}: one line for a person. */
    public VerifyException(String message) {
        super(message);
    }
}
