package io.trapline.site;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * The files of a site, by their paths in it: a page for each page of the repository, the style, and a copy of each file that a page links to, since a site may be
 * anywhere.
 */
record Site(Map<String, byte[]> files) {
    /** A link of a page leads to nothing. */
    static final class BrokenLinks extends IOException {
        private final List<String> links;

        BrokenLinks(List<String> links) {
            super(String.join("\n", links));
            this.links = links;
        }

        /** {@code FILE:LINE: (LINK): why}. */
        List<String> links() {
            return links;
        }
    }

    Site {
        files = Map.copyOf(files);
    }

    static Site of(Repository repository) throws IOException {
        Pages pages = repository.pages();
        List<String> broken = pages.broken();
        if (!broken.isEmpty()) {
            throw new BrokenLinks(broken);
        }
        Map<String, byte[]> files = new TreeMap<>();
        files.put(Layout.STYLE, style());
        copyLinked(pages, repository, files);
        Layout layout = new Layout(pages);
        for (Page page : pages.all()) {
            files.put(Addresses.ofPage(page.path()), layout.html(page).getBytes(StandardCharsets.UTF_8));
        }
        return new Site(files);
    }

    private static void copyLinked(Pages pages, Repository repository, Map<String, byte[]> files) throws IOException {
        for (Page page : pages.all()) {
            for (Page.Reference link : page.links()) {
                if (pages.target(page, link.destination()) instanceof Target.InRepository(String path)) {
                    files.put(link.image() ? path : Addresses.ofFile(path), repository.read(path));
                }
            }
        }
    }

    private static byte[] style() throws IOException {
        try (InputStream style = Objects.requireNonNull(Site.class.getResourceAsStream(Layout.STYLE))) {
            return style.readAllBytes();
        }
    }
}
