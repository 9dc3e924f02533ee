package io.trapline.docs;

import java.util.Collections;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The rules of {@code docs/SEMANTICS.md} by their ids. An id is a letter and a number (C2), or stands for what has no number: {@code rule 0},
 * {@code section E} and {@code section L}.
 */
record RuleBook(NavigableMap<String, Boolean> builtById) {
    /** Right behind an id: nothing of the rule is built. */
    static final String NOT_YET = "*(not yet)*";

    private static final Pattern RULE =
            Pattern.compile("^- \\*\\*([A-Z]\\d+)\\*\\*( " + Pattern.quote(NOT_YET) + ")?", Pattern.MULTILINE);
    private static final Pattern SECTION = Pattern.compile("^## ([EL]) — ", Pattern.MULTILINE);
    private static final Pattern RULE_ZERO = Pattern.compile("^\\*\\*Rule 0,", Pattern.MULTILINE);
    private static final Pattern CITED = Pattern.compile("\\b(?:([TSRCAFD]\\d{1,2})|[Ss]ection ([EL])|([Rr]ule 0))\\b");

    RuleBook {
        builtById = Collections.unmodifiableNavigableMap(new TreeMap<>(builtById));
    }

    static RuleBook parse(String semantics) {
        NavigableMap<String, Boolean> builtById = new TreeMap<>();
        Matcher rule = RULE.matcher(semantics);
        while (rule.find()) {
            builtById.put(rule.group(1), rule.group(2) == null);
        }
        Matcher section = SECTION.matcher(semantics);
        while (section.find()) {
            builtById.put("section " + section.group(1), true);
        }
        if (RULE_ZERO.matcher(semantics).find()) {
            builtById.put("rule 0", true);
        }
        return new RuleBook(builtById);
    }

    /** The ids that a text names as whole words. */
    static NavigableSet<String> cited(String text) {
        NavigableSet<String> ids = new TreeSet<>();
        Matcher cited = CITED.matcher(text);
        while (cited.find()) {
            if (cited.group(1) != null) {
                ids.add(cited.group(1));
            } else {
                ids.add(cited.group(2) != null ? "section " + cited.group(2) : "rule 0");
            }
        }
        return ids;
    }

    boolean knows(String id) {
        return builtById.containsKey(id);
    }

    /** The rules of which at least a part is built. */
    NavigableSet<String> built() {
        NavigableSet<String> ids = new TreeSet<>();
        builtById.forEach((id, built) -> {
            if (built) {
                ids.add(id);
            }
        });
        return ids;
    }
}
