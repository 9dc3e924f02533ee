package io.trapline.site;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class BodyTest {
    private static final Page RULES =
            Page.parse("docs/RULES.md", "# Rules\n\n- **X1** The first, before X2.\n- **X2** Next.\n");

    private static String html(String path, String text) {
        Page page = Page.parse(path, text);
        Tree tree = file -> file.endsWith("/") || file.equals("proto") ? Tree.Kind.FOLDER : Tree.Kind.FILE;
        return Body.html(new Pages(List.of(page, RULES), tree), page);
    }

    @Test
    void linksLeadToWhereThingsAreInTheSite() {
        String html = html(
                "docs/designs/A.md",
                "[rules](../RULES.md) [first](../RULES.md#X1) [code](../../node/A.java) [all](../../proto) [far](https://example.org)");
        assertThat(html)
                .contains("<a href=\"../RULES.html\">rules</a>")
                .contains("<a href=\"../RULES.html#X1\">first</a>")
                .contains("<a href=\"../../node/A.java.txt\">code</a>")
                .contains("<a href=\"https://example.org\">far</a>")
                .contains("</a> all <a");
    }

    @Test
    void headingsHaveAnchorsThatCanBeTaken() {
        assertThat(html("A.md", "# One `two`"))
                .contains(
                        "<h1 id=\"one-two\">One <code>two</code><a href=\"#one-two\" aria-label=\"link to this heading\" class=\"here\">#</a></h1>");
    }

    @Test
    void anIdThatIsCitedLeadsToItsRuleAndOneInCodeOrALinkDoesNot() {
        assertThat(html("A.md", "As X1 – X2 say, not X3, `X1`, EX1, X1-a or [X1](#t).\n\n# t"))
                .contains(
                        "As <a href=\"docs/RULES.html#X1\" class=\"id\">X1</a> – "
                                + "<a href=\"docs/RULES.html#X2\" class=\"id\">X2</a> say, not X3, <code>X1</code>, EX1, X1-a or <a href=\"#t\">X1</a>.");
    }

    @Test
    void aDefinitionCarriesItsIdAndDoesNotLeadToItself() {
        assertThat(Body.html(new Pages(List.of(RULES), _ -> Tree.Kind.NOTHING), RULES))
                .contains("<strong id=\"X1\">X1</strong> The first, before <a href=\"#X2\" class=\"id\">X2</a>.")
                .contains("<strong id=\"X2\">X2</strong> Next.");
    }

    @Test
    void codeSaysItsLanguageAndHtmlIsShownAsWritten() {
        assertThat(html("A.md", "```java\nif (a < b) {}\n```\n\nGive <name> & <b>all</b>."))
                .contains("<pre><code class=\"language-java\">if (a &lt; b) {}\n</code></pre>")
                .contains("Give &lt;name&gt; &amp; &lt;b&gt;all&lt;/b&gt;.");
    }

    @Test
    void tablesAreTables() {
        assertThat(html("A.md", "| a | b |\n|---|---:|\n| c | d |"))
                .contains("<th>a</th>")
                .contains("<td>c</td>")
                .contains("align=\"right\"");
    }
}
