package io.trapline.cli.verify;

/**
 * The first thing in which the answers to a script differ from what they had to be.
 *
 * @param text for a person; empty where nothing differs
 * @param isLate there was no answer in time, so the script stopped there
 */
record Difference(String text, boolean isLate) {
    static final Difference NONE = new Difference("", false);
}
