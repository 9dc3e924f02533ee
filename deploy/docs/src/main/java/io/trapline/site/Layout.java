package io.trapline.site;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A whole page of the site: all pages on its left, what is on this one on its right. */
final class Layout {
    static final String STYLE = "style.css";
    /** Levels of headings in a page's table of contents: 1 is its title. */
    private static final int FIRST_LEVEL = 2;

    private static final int LAST_LEVEL = 3;

    private final Pages pages;

    Layout(Pages pages) {
        this.pages = pages;
    }

    String html(Page page) {
        String style = Addresses.relative(Addresses.ofPage(page.path()), STYLE);
        return """
                <!DOCTYPE html>
                <html lang="en">
                <head>
                <meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <meta name="color-scheme" content="light dark">
                <title>%s</title>
                <link rel="stylesheet" href="%s">
                </head>
                <body>
                <a class="skip" href="#content">to the text</a>
                <nav class="pages" aria-label="All pages">
                %s</nav>
                <main id="content">
                %s</main>
                <nav class="contents" aria-label="On this page">
                %s</nav>
                </body>
                </html>
                """.formatted(
                        escape(page.title()),
                        escape(style),
                        navigation(page),
                        Body.html(pages, page),
                        contents(Outline.of(Markdown.parse(page.text()))));
    }

    private String navigation(Page here) {
        Map<String, List<Page>> folders = new TreeMap<>();
        inReadingOrder()
                .forEach(page -> folders.computeIfAbsent(page.folder(), _ -> new ArrayList<>())
                        .add(page));
        StringBuilder html = new StringBuilder();
        folders.forEach((folder, within) -> {
            if (!folder.isEmpty()) {
                html.append("<h2>").append(escape(folder)).append("</h2>\n");
            }
            html.append("<ul>\n");
            for (Page page : within) {
                String address = Addresses.relative(Addresses.ofPage(here.path()), Addresses.ofPage(page.path()));
                html.append("<li><a href=\"").append(escape(address)).append('"');
                html.append(page.equals(here) ? " aria-current=\"page\">" : ">");
                html.append(escape(page.title())).append("</a></li>\n");
            }
            html.append("</ul>\n");
        });
        return html.toString();
    }

    /** As the first page names them, which says where to read on; then the others. */
    private List<Page> inReadingOrder() {
        List<Page> named = new ArrayList<>();
        pages.page(Addresses.HOME)
                .ifPresent(home -> home.links().forEach(link -> {
                    if (pages.target(home, link.destination()) instanceof Target.OnPage(Page page, String _)) {
                        named.add(page);
                    }
                }));
        return pages.all().stream()
                .sorted(Comparator.comparingInt(page -> place(named, page)))
                .toList();
    }

    private static int place(Collection<Page> named, Page page) {
        int place = new ArrayList<>(named).indexOf(page);
        return place < 0 ? Integer.MAX_VALUE : place;
    }

    private static String contents(Outline outline) {
        StringBuilder html = new StringBuilder("<h2>On this page</h2>\n<ul>\n");
        for (Outline.Entry heading : outline.entries()) {
            if (heading.level() >= FIRST_LEVEL && heading.level() <= LAST_LEVEL) {
                html.append("<li class=\"level-").append(heading.level()).append("\"><a href=\"#");
                html.append(escape(heading.anchor())).append("\">");
                html.append(escape(heading.text())).append("</a></li>\n");
            }
        }
        return html.append("</ul>\n").toString();
    }

    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
