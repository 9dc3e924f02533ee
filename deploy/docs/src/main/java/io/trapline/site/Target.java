package io.trapline.site;

/** What a link on a page leads to. */
sealed interface Target {
    /** Somewhere else in the world; not looked at. */
    record Elsewhere(String url) implements Target {}

    /** A place on a page, or its beginning where the anchor is empty. */
    record OnPage(Page page, String anchor) implements Target {}

    /** A file of the repository that is no page. {@code path}: from the root. */
    record InRepository(String path) implements Target {}

    /** A folder of the repository: a site has nothing to show of it. */
    record Folder(String path) implements Target {}

    /** Nothing. {@code why}: for the author. */
    record Nothing(String why) implements Target {}
}
