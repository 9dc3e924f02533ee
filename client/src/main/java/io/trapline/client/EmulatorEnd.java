package io.trapline.client;

import org.jspecify.annotations.Nullable;

/**
 * Why an emulator serves no more. None of these is tried again by the library (S5).
 *
 * @param kind what happened
 * @param cause what Trapline said or the device model threw; null for {@link Kind#CLOSED}
 */
public record EmulatorEnd(Kind kind, @Nullable Throwable cause) {
    /** What happened. */
    public enum Kind {
        /** {@link Emulator#close} was called. */
        CLOSED,
        /** A newer session is active (S5). */
        FENCED,
        /** The server or its domain is gone. */
        GONE,
        /** Trapline refused the attach or a message. */
        REFUSED,
        /** The device model threw. */
        FAILED
    }
}
