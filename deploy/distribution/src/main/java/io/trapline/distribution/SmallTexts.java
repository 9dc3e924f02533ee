package io.trapline.distribution;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.jar.Attributes.Name;
import java.util.jar.Manifest;
import java.util.stream.Collectors;

/**
 * Leaves out of texts in jars what nobody here reads. Pekko reads the manifest of each jar while it starts, most of which are lists for OSGi
 * (160 KB of them in Scala's), and its settings, most of which are comments.
 */
final class SmallTexts {
    private static final String SETTINGS = "reference.conf";
    private static final String LONG_STRING = "\"\"\"";

    /** What the JVM makes something of, and what a library says of its version. */
    private static final Set<Name> KEPT = Set.of(
            Name.MANIFEST_VERSION,
            Name.MULTI_RELEASE,
            Name.SEALED,
            Name.CLASS_PATH,
            Name.MAIN_CLASS,
            new Name("Add-Exports"),
            new Name("Add-Opens"),
            new Name("Automatic-Module-Name"),
            new Name("Enable-Native-Access"),
            Name.IMPLEMENTATION_TITLE,
            Name.IMPLEMENTATION_VENDOR,
            new Name("Implementation-Vendor-Id"),
            Name.IMPLEMENTATION_VERSION,
            Name.SPECIFICATION_TITLE,
            Name.SPECIFICATION_VENDOR,
            Name.SPECIFICATION_VERSION,
            new Name("Bundle-Name"),
            new Name("Bundle-Vendor"),
            new Name("Bundle-Version"));

    private SmallTexts() {}

    /** The same manifest without what only OSGi, build tools and people read. */
    static byte[] manifest(byte[] bytes) throws IOException {
        Manifest manifest = new Manifest(new ByteArrayInputStream(bytes));
        manifest.getMainAttributes().keySet().retainAll(KEPT);
        manifest.getEntries().values().removeIf(SmallTexts::saysNothing);
        ByteArrayOutputStream small = new ByteArrayOutputStream();
        manifest.write(small);
        return small.toByteArray();
    }

    /** Whether nothing is left of what it says of one package or file. */
    private static boolean saysNothing(Attributes entry) {
        entry.keySet().retainAll(KEPT);
        return entry.isEmpty();
    }

    /** Whether that is a file of settings with comments. */
    static boolean isSettings(String name) {
        return name.equals(SETTINGS);
    }

    /** The same settings without lines that are only a comment. */
    static byte[] settings(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        // A line in it may look like a comment.
        if (text.contains(LONG_STRING)) {
            return bytes;
        }
        return text.lines()
                .filter(line -> !isComment(line.strip()))
                .collect(Collectors.joining("\n", "", "\n"))
                .getBytes(StandardCharsets.UTF_8);
    }

    private static boolean isComment(String line) {
        return line.isEmpty() || line.startsWith("#") || line.startsWith("//");
    }
}
