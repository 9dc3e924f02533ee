package io.trapline.site;

/** What is in a repository. Paths are from its root, with {@code /}. */
interface Tree {
    /** What a path may be. */
    enum Kind {
        FILE,
        FOLDER,
        NOTHING
    }

    Kind kind(String path);
}
