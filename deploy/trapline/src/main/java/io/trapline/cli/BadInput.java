package io.trapline.cli;

/** What was given on the command line cannot be used; the message is one line that says why. */
final class BadInput extends Exception {
    private static final long serialVersionUID = 1L;

    BadInput(String message) {
        super(message);
    }
}
