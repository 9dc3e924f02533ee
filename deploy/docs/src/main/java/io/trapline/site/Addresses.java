package io.trapline.site;

/** Where things are in the site, as paths from its root; its folders are those of the repository. */
final class Addresses {
    /** The page that a site begins with. */
    static final String HOME = "README.md";

    private static final String MARKDOWN = ".md";

    private Addresses() {}

    static boolean isMarkdown(String path) {
        return path.endsWith(MARKDOWN);
    }

    static String ofPage(String path) {
        return path.equals(HOME) ? "index.html" : path.substring(0, path.length() - MARKDOWN.length()) + ".html";
    }

    /** As text, so that a browser shows it, whatever it is written in. */
    static String ofFile(String path) {
        return path + ".txt";
    }

    /** How a page at {@code from} names {@code to}. */
    static String relative(String from, String to) {
        String[] source = from.split("/", -1);
        String[] target = to.split("/", -1);
        int common = 0;
        while (common < source.length - 1 && common < target.length - 1 && source[common].equals(target[common])) {
            common++;
        }
        StringBuilder path = new StringBuilder("../".repeat(source.length - 1 - common));
        for (int i = common; i < target.length; i++) {
            path.append(target[i]).append(i < target.length - 1 ? "/" : "");
        }
        return path.toString();
    }
}
