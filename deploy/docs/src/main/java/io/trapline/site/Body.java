package io.trapline.site;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Image;
import org.commonmark.node.Link;
import org.commonmark.node.Node;
import org.commonmark.node.Text;
import org.commonmark.renderer.html.HtmlRenderer;

/** The HTML of what is on one page: anchors at headings and definitions, links as they are in the site, and a link at each id that is cited. */
final class Body {
    private final Pages pages;
    private final Page page;
    private final Node document;
    private final Outline outline;
    private final Map<Node, Map<String, String>> attributes = new HashMap<>();

    private Body(Pages pages, Page page) {
        this.pages = pages;
        this.page = page;
        document = Markdown.parse(page.text());
        outline = Outline.of(document);
    }

    static String html(Pages pages, Page page) {
        Body body = new Body(pages, page);
        Definitions definitions = Definitions.of(body.document, body.outline);
        body.linkCitedIds(definitions);
        body.readdress();
        definitions.entries().forEach(entry -> body.attribute(entry.node(), "id", entry.anchor()));
        body.outline.entries().forEach(body::anchor);
        return body.render();
    }

    private void attribute(Node node, String name, String value) {
        attributes.computeIfAbsent(node, _ -> new TreeMap<>()).put(name, value);
    }

    private void anchor(Outline.Entry heading) {
        attribute(heading.node(), "id", heading.anchor());
        Link here = new Link("#" + heading.anchor(), null);
        here.appendChild(new Text("#"));
        attribute(here, "class", "here");
        attribute(here, "aria-label", "link to this heading");
        heading.node().appendChild(here);
    }

    /** Not in links, which lead somewhere already, nor in code. */
    private void linkCitedIds(Definitions definitions) {
        List<Text> texts = new ArrayList<>();
        document.accept(new AbstractVisitor() {
            @Override
            public void visit(Text text) {
                texts.add(text);
            }

            @Override
            public void visit(Link link) {}

            @Override
            public void visit(Image image) {}
        });
        texts.forEach(text -> linkCitedIds(text, definitions));
    }

    private void linkCitedIds(Text text, Definitions definitions) {
        String literal = text.getLiteral();
        Matcher cited = Definitions.CITED.matcher(literal);
        int done = 0;
        while (cited.find()) {
            Optional<Target.OnPage> definition = pages.definition(page, cited.group());
            if (definition.isEmpty() || isInDefinition(text, definitions, definition.get())) {
                continue;
            }
            text.insertBefore(new Text(literal.substring(done, cited.start())));
            Link link = new Link(address(definition.get()), null);
            link.appendChild(new Text(cited.group()));
            attribute(link, "class", "id");
            text.insertBefore(link);
            done = cited.end();
        }
        text.setLiteral(literal.substring(done));
    }

    private boolean isInDefinition(Text text, Definitions definitions, Target.OnPage cited) {
        return cited.page().equals(page)
                && definitions.entries().stream()
                        .anyMatch(entry -> entry.anchor().equals(cited.anchor()) && isWithin(text, entry.node()));
    }

    private static boolean isWithin(Node node, Node above) {
        for (Node at = node; at != null; at = at.getParent()) {
            if (at.equals(above)) {
                return true;
            }
        }
        return false;
    }

    private void readdress() {
        List<Link> links = new ArrayList<>();
        List<Image> images = new ArrayList<>();
        document.accept(new AbstractVisitor() {
            @Override
            public void visit(Link link) {
                if (!attributes.containsKey(link)) {
                    links.add(link);
                }
                visitChildren(link);
            }

            @Override
            public void visit(Image image) {
                images.add(image);
            }
        });
        for (Link link : links) {
            switch (pages.target(page, link.getDestination())) {
                case Target.Elsewhere _, Target.Nothing _ -> {}
                case Target.OnPage place -> link.setDestination(address(place));
                case Target.InRepository file -> link.setDestination(fromHere(Addresses.ofFile(file.path())));
                case Target.Folder _ -> unwrap(link);
            }
        }
        for (Image image : images) {
            if (pages.target(page, image.getDestination()) instanceof Target.InRepository(String path)) {
                image.setDestination(fromHere(path));
            }
        }
    }

    private String address(Target.OnPage place) {
        String anchor = place.anchor().isEmpty() ? "" : "#" + place.anchor();
        boolean here = place.page().equals(page) && !anchor.isEmpty();
        return here ? anchor : fromHere(Addresses.ofPage(place.page().path())) + anchor;
    }

    private String fromHere(String address) {
        return Addresses.relative(Addresses.ofPage(page.path()), address);
    }

    /** Leaves the text of a link. */
    private static void unwrap(Link link) {
        for (Node child = link.getFirstChild(); child != null; child = link.getFirstChild()) {
            link.insertBefore(child);
        }
        link.unlink();
    }

    /** HTML in a page is shown as it is written: GitHub drops what it does not know, and nobody would notice. */
    private String render() {
        return HtmlRenderer.builder()
                .extensions(Markdown.EXTENSIONS)
                .escapeHtml(true)
                .percentEncodeUrls(true)
                .attributeProviderFactory(
                        _ -> (node, tag, given) -> given.putAll(attributes.getOrDefault(node, Map.of())))
                .build()
                .render(document);
    }
}
