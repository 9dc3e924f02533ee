package io.trapline.site;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BuildSiteTest {
    private static final Pattern LINK = Pattern.compile(" (?:href|src)=\"([^\"]*)\"");
    private static final Pattern ANCHOR = Pattern.compile(" id=\"([^\"]*)\"");

    @TempDir
    Path temporary;

    private Path checkout;

    @BeforeEach
    void writeACheckout() throws IOException {
        checkout = temporary.resolve("checkout");
        write("README.md", "# Home\n[a](docs/A.md) [code](node/A.java) ![picture](docs/p.svg)");
        write("docs/A.md", "# The A\n[home](../README.md)");
        write("docs/emulators/node_modules/b/README.md", "[nowhere](nowhere.md)");
        write("docs/p.svg", "<svg/>");
        write("node/A.java", "final class A {}");
        write("node/README.md", "[nowhere](nowhere.md)");
    }

    private void write(String path, String text) throws IOException {
        Path file = checkout.resolve(path);
        Files.createDirectories(file.resolveSibling("."));
        Files.writeString(file, text);
    }

    private Set<String> filesBelow(Path folder) throws IOException {
        Set<String> files = new HashSet<>();
        try (Stream<Path> all = Files.walk(folder)) {
            all.filter(Files::isRegularFile)
                    .forEach(file -> files.add(folder.relativize(file).toString()));
        }
        return files;
    }

    @Test
    void rendersEveryPageAndWhatItLinksTo() throws IOException {
        Path target = temporary.resolve("deep/site");
        new SiteFolder(target).replace(Site.of(new Repository(checkout)).files());
        assertThat(filesBelow(target))
                .containsExactlyInAnyOrder(
                        ".trapline-docs", "index.html", "docs/A.html", "docs/p.svg", "node/A.java.txt", "style.css");
        assertThat(filesBelow(temporary.resolve("deep"))).allMatch(file -> file.startsWith("site/"));
    }

    @Test
    void anEarlierSiteIsReplacedAsAWhole() throws IOException {
        Path target = temporary.resolve("site");
        new SiteFolder(target).replace(Map.of("old.html", new byte[0]));
        SiteFolder folder = new SiteFolder(target);
        assertThat(folder.refusal()).isEmpty();
        folder.replace(Map.of("new.html", "new".getBytes(StandardCharsets.UTF_8)));
        assertThat(filesBelow(target)).containsExactlyInAnyOrder(".trapline-docs", "new.html");
    }

    @Test
    void aFolderThatHoldsOtherThingsIsNotReplaced() throws IOException {
        assertThat(new SiteFolder(checkout).refusal())
                .hasValue(checkout + " holds other things than a site: choose a new or an empty folder");
        Path file = checkout.resolve("README.md");
        assertThat(new SiteFolder(file).refusal()).hasValue(file + " is no folder");
        assertThat(new SiteFolder(Files.createDirectory(temporary.resolve("empty"))).refusal())
                .isEmpty();
        assertThat(new SiteFolder(temporary.resolve("new")).refusal()).isEmpty();
    }

    @Test
    void aFailureWhileWritingLeavesWhatWasThere() throws IOException {
        Path target = temporary.resolve("site");
        new SiteFolder(target).replace(Map.of("old.html", new byte[0]));
        assertThatThrownBy(() -> new SiteFolder(target).replace(Map.of("n".repeat(300), new byte[0])))
                .isInstanceOf(IOException.class);
        assertThat(filesBelow(temporary.resolve("site"))).containsExactlyInAnyOrder(".trapline-docs", "old.html");
        try (Stream<Path> left = Files.list(temporary)) {
            assertThat(left).containsExactlyInAnyOrder(checkout, target);
        }
    }

    @Test
    void aBrokenLinkIsNamed() throws IOException {
        write("docs/B.md", "# B\n\n[gone](A.md#gone)");
        assertThatThrownBy(() -> Site.of(new Repository(checkout)))
                .isInstanceOf(Site.BrokenLinks.class)
                .hasMessage("docs/B.md:3: (A.md#gone): docs/A.md has no heading or id #gone");
    }

    @Test
    void theDocsOfThisCheckoutHaveNoBrokenLinkAndEveryLinkOfTheirSiteLeadsSomewhere() throws IOException {
        Map<String, byte[]> files = Site.of(new Repository(thisCheckout())).files();
        assertThat(files).containsKeys("index.html", "docs/SEMANTICS.html", "docs/designs/0002-the-cluster.html");
        int links = 0;
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            if (file.getKey().endsWith(".html")) {
                Matcher link = LINK.matcher(new String(file.getValue(), StandardCharsets.UTF_8));
                while (link.find()) {
                    links++;
                    assertThat(leadsSomewhere(files, file.getKey(), link.group(1)))
                            .as("%s in %s", link.group(1), file.getKey())
                            .isTrue();
                }
            }
        }
        assertThat(links).isGreaterThan(500);
    }

    /** By the HTML alone. */
    private static boolean leadsSomewhere(Map<String, byte[]> files, String from, String link) {
        if (link.startsWith("https://")) {
            return true;
        }
        String[] parts = link.split("#", 2);
        String path = parts[0].isEmpty()
                ? from
                : Path.of("/" + from)
                        .resolveSibling(parts[0])
                        .normalize()
                        .toString()
                        .substring(1);
        byte[] file = files.get(path);
        if (file == null || parts.length == 1) {
            return file != null;
        }
        Matcher anchor = ANCHOR.matcher(new String(file, StandardCharsets.UTF_8));
        int found = 0;
        while (anchor.find()) {
            found += anchor.group(1).equals(parts[1]) ? 1 : 0;
        }
        return found == 1;
    }

    private static Path thisCheckout() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("docs/SEMANTICS.md"))) {
            folder = Objects.requireNonNull(folder.getParent(), "no docs/SEMANTICS.md above");
        }
        return folder;
    }
}
