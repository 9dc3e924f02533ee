package io.trapline.site;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** All pages together: where a link on one of them leads, and where an id is defined. */
final class Pages {
    private static final Set<String> SCHEMES = Set.of("http", "https", "mailto");

    private final TreeMap<String, Page> byPath = new TreeMap<>();
    private final Tree tree;

    Pages(Collection<Page> pages, Tree tree) {
        pages.forEach(page -> byPath.put(page.path(), page));
        this.tree = tree;
    }

    Collection<Page> all() {
        return byPath.values();
    }

    Optional<Page> page(String path) {
        return Optional.ofNullable(byPath.get(path));
    }

    /** Every link that leads to nothing, as {@code FILE:LINE: (LINK): why}, by file and line. */
    List<String> broken() {
        List<String> broken = new ArrayList<>();
        for (Page page : all()) {
            for (Page.Reference link : page.links()) {
                if (target(page, link.destination()) instanceof Target.Nothing nothing) {
                    broken.add(page.path() + ":" + link.line() + ": (" + link.destination() + "): " + nothing.why());
                }
            }
        }
        return broken;
    }

    /** {@code destination}: as written on that page. */
    Target target(Page from, String destination) {
        URI uri;
        try {
            uri = new URI(destination);
        } catch (URISyntaxException _) {
            return new Target.Nothing("is no URL");
        }
        if (uri.getScheme() != null) {
            return SCHEMES.contains(uri.getScheme())
                    ? new Target.Elsewhere(destination)
                    : new Target.Nothing("has the scheme " + uri.getScheme() + "; http, https and mailto are known");
        }
        String path = uri.getPath();
        String anchor = uri.getFragment() == null ? "" : uri.getFragment();
        if (destination.startsWith("/") || uri.getQuery() != null) {
            return new Target.Nothing("is neither relative to its page nor a whole URL");
        }
        if (path.isEmpty()) {
            return anchor.isEmpty() ? new Target.Nothing("is empty") : onPage(from, anchor);
        }
        Optional<String> resolved = resolve(from.folder(), path);
        if (resolved.isEmpty()) {
            return new Target.Nothing("leads out of the repository");
        }
        Page page = byPath.get(resolved.get());
        return page == null ? inRepository(resolved.get(), anchor) : onPage(page, anchor);
    }

    private static Target onPage(Page page, String anchor) {
        return anchor.isEmpty() || page.anchors().contains(anchor)
                ? new Target.OnPage(page, anchor)
                : new Target.Nothing(page.path() + " has no heading or id #" + anchor);
    }

    private Target inRepository(String path, String anchor) {
        return switch (tree.kind(path)) {
            case NOTHING -> new Target.Nothing("there is no " + path);
            case FOLDER -> new Target.Folder(path);
            case FILE ->
                anchor.isEmpty()
                        ? new Target.InRepository(path)
                        : new Target.Nothing(path + " is no page and has no anchors");
        };
    }

    /** Empty if that is above the root. */
    private static Optional<String> resolve(String folder, String relative) {
        Deque<String> steps = new ArrayDeque<>();
        for (String step : (folder + "/" + relative).split("/", -1)) {
            if (step.equals("..")) {
                if (steps.pollLast() == null) {
                    return Optional.empty();
                }
            } else if (!step.isEmpty() && !step.equals(".")) {
                steps.addLast(step);
            }
        }
        return Optional.of(String.join("/", steps));
    }

    /**
     * Where an id that a page cites is defined: on that page, or else on the only other one that does; of several on the only one that the page links to.
     * Empty where that leaves none or a choice.
     */
    Optional<Target.OnPage> definition(Page citing, String cited) {
        String id = Definitions.normal(cited);
        if (citing.definitions().containsKey(id)) {
            return Optional.of(new Target.OnPage(citing, anchor(citing.definitions(), id)));
        }
        List<Page> defining = all().stream()
                .filter(page -> page.definitions().containsKey(id))
                .toList();
        if (defining.size() > 1) {
            defining = defining.stream().filter(page -> linksTo(citing, page)).toList();
        }
        return defining.size() == 1
                ? Optional.of(new Target.OnPage(
                        defining.getFirst(), anchor(defining.getFirst().definitions(), id)))
                : Optional.empty();
    }

    private static String anchor(Map<String, String> definitions, String id) {
        return definitions.getOrDefault(id, "");
    }

    private boolean linksTo(Page from, Page to) {
        return from.links().stream()
                .anyMatch(link -> target(from, link.destination()) instanceof Target.OnPage(Page page, String _)
                        && page.equals(to));
    }
}
