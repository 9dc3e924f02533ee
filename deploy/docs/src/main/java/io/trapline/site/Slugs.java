package io.trapline.site;

import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** The anchors of one page's headings, as GitHub makes them, so that a link works there and here. */
final class Slugs {
    private static final Pattern LEFT_OUT = Pattern.compile("[^\\p{L}\\p{M}\\p{Nd}\\p{Pc}\\- ]");

    private final Set<String> taken = new HashSet<>();

    /** The anchor of the page's next heading: a second one of the same text ends in {@code -1}, and so on. */
    String next(String heading) {
        String slug = of(heading);
        String unique = slug;
        for (int i = 1; !taken.add(unique); i++) {
            unique = slug + "-" + i;
        }
        return unique;
    }

    /** Lower case, without punctuation, with a hyphen for each space. */
    static String of(String heading) {
        String plain =
                LEFT_OUT.matcher(heading.strip().toLowerCase(Locale.ROOT)).replaceAll("");
        return plain.replace(' ', '-');
    }
}
