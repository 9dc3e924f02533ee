package io.trapline.site;

import java.util.ArrayList;
import java.util.List;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Heading;
import org.commonmark.node.Node;

/** The headings of one page, in order. */
record Outline(List<Entry> entries) {
    /** {@code level}: 1 to 6. {@code anchor}: unique on its page. */
    record Entry(Heading node, int level, String text, String anchor) {}

    Outline {
        entries = List.copyOf(entries);
    }

    static Outline of(Node document) {
        Slugs slugs = new Slugs();
        List<Entry> entries = new ArrayList<>();
        document.accept(new AbstractVisitor() {
            @Override
            public void visit(Heading heading) {
                String text = Markdown.plainText(heading);
                entries.add(new Entry(heading, heading.getLevel(), text, slugs.next(text)));
            }
        });
        return new Outline(entries);
    }
}
