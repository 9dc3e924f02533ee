package io.trapline.site;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PagesTest {
    private static final Tree TREE =
            path -> Map.of("LICENSE", Tree.Kind.FILE, "docs/guest.py", Tree.Kind.FILE, "docs/designs", Tree.Kind.FOLDER)
                    .getOrDefault(path, Tree.Kind.NOTHING);

    private static Page page(String path, String... lines) {
        return Page.parse(path, String.join("\n", lines));
    }

    private static Pages pages(Page... pages) {
        return new Pages(Arrays.asList(pages), TREE);
    }

    @Test
    void findsPagesPlacesFilesAndFolders() {
        Page from = page("docs/designs/0001.md", "# A design");
        Page to = page("docs/OPERATIONS.md", "# Running it", "## How it is");
        Pages pages = pages(from, to);

        assertThat(pages.target(from, "../OPERATIONS.md")).isEqualTo(new Target.OnPage(to, ""));
        assertThat(pages.target(from, "../OPERATIONS.md#how-it-is")).isEqualTo(new Target.OnPage(to, "how-it-is"));
        assertThat(pages.target(from, "#a-design")).isEqualTo(new Target.OnPage(from, "a-design"));
        assertThat(pages.target(from, "../guest.py")).isEqualTo(new Target.InRepository("docs/guest.py"));
        assertThat(pages.target(to, "./designs/")).isEqualTo(new Target.Folder("docs/designs"));
        assertThat(pages.target(from, "https://semver.org/#x"))
                .isEqualTo(new Target.Elsewhere("https://semver.org/#x"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
                    B.md             | there is no docs/B.md
                    a.md             | there is no docs/a.md
                    A.md#Other       | docs/A.md has no heading or id #Other
                    "#gone"          | docs/A.md has no heading or id #gone
                    ../../LICENSE    | leads out of the repository
                    ../LICENSE#top   | LICENSE is no page and has no anchors
                    /docs/A.md       | is neither relative to its page nor a whole URL
                    //host/A.md      | is neither relative to its page nor a whole URL
                    A.md?plain=1     | is neither relative to its page nor a whole URL
                    file:///etc      | has the scheme file; http, https and mailto are known
                    <a b>            | is no URL
                    ""               | is empty
                    """)
    void saysWhyALinkLeadsToNothing(String destination, String why) {
        Page from = page("docs/A.md", "# A");
        assertThat(pages(from).target(from, destination)).isEqualTo(new Target.Nothing(why));
    }

    @Test
    void namesFileLineAndLinkWhereverItIsWritten() {
        Page page = page(
                "docs/A.md",
                "# A",
                "",
                "A paragraph whose",
                "second line has [a link](B.md),",
                "",
                "| a | b |",
                "|---|---|",
                "| c | [d](#e) |",
                "",
                "- an item with ![a picture](p.png) and [a good one](#a)",
                "",
                "`[in code](C.md)` is none. [By reference][r].",
                "",
                "[r]: D.md");

        assertThat(pages(page).broken())
                .containsExactly(
                        "docs/A.md:4: (B.md): there is no docs/B.md",
                        "docs/A.md:8: (#e): docs/A.md has no heading or id #e",
                        "docs/A.md:10: (p.png): there is no docs/p.png",
                        "docs/A.md:12: (D.md): there is no docs/D.md");
    }

    @Test
    void knowsWhereAnIdIsDefined() {
        Page rules = page(
                "docs/RULES.md",
                "# Rules",
                "## Q — questions",
                "**Rule 7, last.** Text.",
                "",
                "- **X1** A rule, not **X2**.",
                "",
                "| | what |",
                "|---|---|",
                "| Y-3 | of X4 |",
                "",
                "### Parts (Y-3, Y-4)",
                "### As X5 says (X5)");

        assertThat(rules.definitions())
                .isEqualTo(Map.of(
                        "section Q",
                        "q--questions",
                        "rule 7",
                        "rule-7",
                        "X1",
                        "X1",
                        "Y-3",
                        "Y-3",
                        "Y-4",
                        "parts-y-3-y-4"));
        Page citing = page("README.md", "X1");
        Pages pages = pages(rules, citing);
        assertThat(pages.definition(citing, "Rule 7")).hasValue(new Target.OnPage(rules, "rule-7"));
        assertThat(pages.definition(citing, "X2")).isEmpty();
    }

    @Test
    void whereSeveralPagesDefineAnIdTheOneThatIsCitedIsOwnOrLinkedTo() {
        Page first = page("docs/1.md", "**X-1.** One.");
        Page second = page("docs/2.md", "**X-1.** Two.");
        Page linking = page("docs/A.md", "[the second](2.md)");
        Page neither = page("docs/B.md", "X-1");
        Pages pages = pages(first, second, linking, neither);

        assertThat(pages.definition(first, "X-1").map(Target.OnPage::page)).hasValue(first);
        assertThat(pages.definition(linking, "X-1").map(Target.OnPage::page)).hasValue(second);
        assertThat(List.of(pages.definition(neither, "X-1"))).containsExactly(Optional.empty());
    }
}
