package io.trapline.client;

import io.trapline.model.Errno;
import io.trapline.model.Refusal;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A call or an access that was not carried out, or of which nobody knows whether it was. {@link #kind} tells which: an outcome that
 * is not known is never reported as a refusal (section E).
 */
public final class TraplineException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What is known. */
    public enum Kind {
        /** Trapline said no, {@link #refusal} says why, and nothing has changed (ETIMEDOUT excepted: F4). */
        REFUSED,
        /** No address answered; nothing was sent, or it was only a question. */
        UNREACHABLE,
        /** It was sent and no answer came: it may have been carried out or not. */
        UNKNOWN_OUTCOME
    }

    private final Kind kind;
    private final transient @Nullable Refusal refusal;

    private TraplineException(Kind kind, @Nullable Refusal refusal, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
        this.refusal = refusal;
    }

    /** Trapline refused. */
    public static TraplineException refused(Refusal refusal) {
        return refused(refusal, null);
    }

    static TraplineException refused(Refusal refusal, @Nullable Throwable cause) {
        return new TraplineException(Kind.REFUSED, refusal, refusal.errno() + ": " + refusal.message(), cause);
    }

    static TraplineException unreachable(String message, @Nullable Throwable cause) {
        return new TraplineException(Kind.UNREACHABLE, null, message, cause);
    }

    static TraplineException unknown(String message, @Nullable Throwable cause) {
        return new TraplineException(Kind.UNKNOWN_OUTCOME, null, message, cause);
    }

    /** What is known. */
    public Kind kind() {
        return kind;
    }

    /** Why Trapline refused; empty for the other kinds. */
    public Optional<Refusal> refusal() {
        return Optional.ofNullable(refusal);
    }

    /** The reason of the refusal; empty for the other kinds. */
    public Optional<Errno> errno() {
        return refusal().map(Refusal::errno);
    }

    /** Whether it is a refusal for that reason. */
    public boolean is(Errno errno) {
        return refusal != null && refusal.errno() == errno;
    }

    /** Whether nobody answered at any address, so that it is about the way there and not about the request. */
    public boolean isUnreachable() {
        return kind == Kind.UNREACHABLE;
    }
}
