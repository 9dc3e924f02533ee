package io.trapline.cli.trace;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A log that cannot be used; the message is one line for a person. */
public final class TraceException extends Exception {
    private final transient @Nullable MalformedLine line;

    TraceException(String message) {
        super(message);
        this.line = null;
    }

    TraceException(MalformedLine line) {
        super(line.describe());
        this.line = line;
    }

    private TraceException(String message, TraceException cause) {
        super(message, cause);
        this.line = cause.line;
    }

    /** The same with the file's name before it. */
    public TraceException in(Path file) {
        return new TraceException(file + ": " + getMessage(), this);
    }

    /** The line that is to blame; null where it is the log as a whole. */
    public @Nullable MalformedLine line() {
        return line;
    }
}
