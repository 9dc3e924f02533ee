package io.trapline.site;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.commonmark.ext.gfm.tables.TableCell;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.CustomNode;
import org.commonmark.node.Node;
import org.commonmark.node.Paragraph;
import org.commonmark.node.StrongEmphasis;

/**
 * Where a page says what an id stands for: a paragraph that begins with it in bold (a rule, a decision), the first cell of a row (an invariant), a heading
 * that begins with a letter and a dash (a section), or else one that ends with a decision in brackets.
 */
record Definitions(List<Entry> entries) {
    /** {@code node}: what carries the anchor. {@code id}: as texts cite it. */
    record Entry(Node node, String id, String anchor) {}

    private static final String NUMBERED = "[A-Z]-?\\d{1,3}";
    private static final Pattern NAME = Pattern.compile("(" + NUMBERED + "|[Rr]ule \\d)(?:[.,:].*)?", Pattern.DOTALL);
    private static final Pattern CELL = Pattern.compile(NUMBERED);
    private static final Pattern DECIDED = Pattern.compile(".*\\(([^()]*)\\)");
    private static final Pattern DECISION = Pattern.compile("[A-Z]-\\d{1,3}");
    private static final Pattern SECTION = Pattern.compile("([A-Z]) — .*");

    /** An id as a whole word in a text, defined or not. */
    static final Pattern CITED =
            Pattern.compile("(?<![\\w-])(?:" + NUMBERED + "|[Rr]ule \\d|[Ss]ection [A-Z])(?![\\w-])");

    Definitions {
        entries = List.copyOf(entries);
    }

    /** Each id once; a second definition of it on the same page is none. */
    static Definitions of(Node document, Outline outline) {
        List<Entry> entries = new ArrayList<>();
        Set<String> known = new HashSet<>();
        for (Outline.Entry heading : outline.entries()) {
            Matcher section = SECTION.matcher(heading.text());
            if (section.matches() && known.add("section " + section.group(1))) {
                entries.add(new Entry(heading.node(), "section " + section.group(1), heading.anchor()));
            }
        }
        document.accept(new AbstractVisitor() {
            @Override
            public void visit(Paragraph paragraph) {
                if (paragraph.getFirstChild() instanceof StrongEmphasis strong) {
                    Matcher name = NAME.matcher(Markdown.plainText(strong));
                    if (name.matches()) {
                        define(strong, name.group(1));
                    }
                }
                visitChildren(paragraph);
            }

            @Override
            public void visit(CustomNode node) {
                if (node instanceof TableCell && node.getPrevious() == null) {
                    String text = Markdown.plainText(node);
                    if (CELL.matcher(text).matches()) {
                        define(node, text);
                    }
                }
                visitChildren(node);
            }

            private void define(Node node, String name) {
                String id = normal(name);
                if (known.add(id)) {
                    entries.add(new Entry(node, id, id.replace(' ', '-')));
                }
            }
        });
        for (Outline.Entry heading : outline.entries()) {
            Matcher decided = DECIDED.matcher(heading.text());
            if (decided.matches()) {
                for (String id : decided.group(1).split(", ", -1)) {
                    if (DECISION.matcher(id).matches() && known.add(id)) {
                        entries.add(new Entry(heading.node(), id, heading.anchor()));
                    }
                }
            }
        }
        return new Definitions(entries);
    }

    /** The one form of an id that may be cited with a capital or without. */
    static String normal(String cited) {
        return cited.replace("Rule ", "rule ").replace("Section ", "section ");
    }
}
