package io.trapline.cli.verify;

/**
 * What one script showed.
 *
 * @param rule the rule that it is about
 * @param what what the emulator must do
 * @param detail the first thing that was wrong; empty where the rule is kept
 */
public record Finding(String rule, String what, String detail) {
    /** Whether the rule is broken. */
    public boolean isBroken() {
        return !detail.isEmpty();
    }
}
