package io.trapline.faults.history;

import io.trapline.model.Pure;
import java.util.Objects;

/**
 * What became of a call or an access, as far as its caller knows.
 *
 * @param kind whether it was carried out
 * @param reason of a refusal, as section E names it, or why nobody knows; empty where it is done
 */
@Pure
public record Outcome(Kind kind, String reason) {
    /** Whether it was carried out. */
    public enum Kind {
        /** It was. */
        DONE,
        /** It was not, and never will be. */
        REFUSED,
        /** Perhaps: it may have been, or may be at any later time. */
        UNKNOWN
    }

    /** It was carried out. */
    public static final Outcome DONE = new Outcome(Kind.DONE, "");

    public Outcome {
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(reason, "reason");
    }

    /** Trapline said no, and nothing has changed. */
    public static Outcome refused(String reason) {
        return new Outcome(Kind.REFUSED, reason);
    }

    /** Nobody knows. */
    public static Outcome unknown(String reason) {
        return new Outcome(Kind.UNKNOWN, reason);
    }

    /** Whether it was carried out for certain. */
    public boolean isDone() {
        return kind == Kind.DONE;
    }

    /** Whether it was carried out, or may have been. */
    public boolean mayBeDone() {
        return kind != Kind.REFUSED;
    }

    /** Whether it was refused for that reason. */
    public boolean isRefused(String because) {
        return kind == Kind.REFUSED && reason.equals(because);
    }

    /** Whether that was answered instead of what was asked for, whatever it says of the effect. */
    public boolean is(String answer) {
        return kind != Kind.DONE && reason.equals(answer);
    }

    @Override
    public String toString() {
        return switch (kind) {
            case DONE -> "done";
            case REFUSED -> reason;
            case UNKNOWN -> "unknown (" + reason + ")";
        };
    }
}
