package io.trapline.site;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** Renders the pages of a checkout into a folder, unless one of their links leads to nothing. */
public final class BuildSite {
    private BuildSite() {}

    /** Arguments: the root of the checkout, and the folder to be replaced. Ends with 1, and leaves the folder as it was, where it says why. */
    public static void main(String[] args) {
        SiteFolder folder = new SiteFolder(Path.of(args[1]));
        try {
            Optional<String> refusal = folder.refusal();
            if (refusal.isPresent()) {
                fail(refusal.get());
            }
            Site site = Site.of(new Repository(Path.of(args[0])));
            folder.replace(site.files());
            System.out.println(Path.of(args[1]).resolve("index.html"));
        } catch (Site.BrokenLinks e) {
            e.links().forEach(System.err::println);
            fail(e.links().size() + " broken links");
        } catch (IOException e) {
            fail(e.toString());
        }
    }

    private static void fail(String why) {
        System.err.println("docs: " + why + "; nothing was written");
        System.exit(1);
    }
}
