package io.trapline.cli.demo;

/** The story cannot go on: somebody whom it needs is gone. The message says who, and why. */
public final class StoryException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    StoryException(String message) {
        super(message);
    }
}
