package io.trapline.site;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Image;
import org.commonmark.node.Link;
import org.commonmark.node.Node;

/**
 * What one page of Markdown says.
 *
 * @param path from the root of the repository, with {@code /}
 * @param title its first heading, or its path
 * @param anchors what a link to a place on it may name
 * @param definitions ids that it defines, with their anchors
 * @param links in order
 */
record Page(
        String path,
        String text,
        String title,
        Set<String> anchors,
        Map<String, String> definitions,
        List<Reference> links) {
    /** A link as it is written. {@code line}: from 1. {@code image}: whether what it names is shown in its place. */
    record Reference(int line, String destination, boolean image) {}

    Page {
        anchors = Set.copyOf(anchors);
        definitions = Map.copyOf(definitions);
        links = List.copyOf(links);
    }

    static Page parse(String path, String text) {
        Node document = Markdown.parse(text);
        Outline outline = Outline.of(document);
        Map<String, String> definitions = new HashMap<>();
        for (Definitions.Entry entry : Definitions.of(document, outline).entries()) {
            definitions.put(entry.id(), entry.anchor());
        }
        Set<String> anchors = new HashSet<>(definitions.values());
        outline.entries().forEach(heading -> anchors.add(heading.anchor()));
        String title = outline.entries().isEmpty()
                ? path
                : outline.entries().getFirst().text();
        return new Page(path, text, title, anchors, definitions, references(document));
    }

    private static List<Reference> references(Node document) {
        List<Reference> references = new ArrayList<>();
        document.accept(new AbstractVisitor() {
            @Override
            public void visit(Link link) {
                references.add(new Reference(Markdown.line(link), link.getDestination(), false));
                visitChildren(link);
            }

            @Override
            public void visit(Image image) {
                references.add(new Reference(Markdown.line(image), image.getDestination(), true));
                visitChildren(image);
            }
        });
        return references;
    }

    /** The folder that it is in, as a path from the root; empty for the root. */
    String folder() {
        return path.substring(0, Math.max(0, path.lastIndexOf('/')));
    }
}
