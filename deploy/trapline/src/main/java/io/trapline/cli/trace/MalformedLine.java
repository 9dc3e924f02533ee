package io.trapline.cli.trace;

import java.util.regex.Pattern;

/**
 * A line that is no line of the format.
 *
 * @param number 1 and up, as an editor counts
 * @param why what is wrong with it
 * @param text the line, shortened and made printable, for a person to recognise
 */
public record MalformedLine(long number, String why, String text) {
    private static final int SHOWN_CHARS = 80;
    private static final Pattern UNPRINTABLE = Pattern.compile("[\\p{Cntrl}\\uFFFD]");

    public MalformedLine {
        String shown = text.length() <= SHOWN_CHARS ? text : text.substring(0, SHOWN_CHARS) + "…";
        text = UNPRINTABLE.matcher(shown).replaceAll("?");
    }

    /** For a person: {@code line 7: why: "text"}. */
    public String describe() {
        return "line " + number + ": " + why + (text.isEmpty() ? "" : ": \"" + text + "\"");
    }
}
