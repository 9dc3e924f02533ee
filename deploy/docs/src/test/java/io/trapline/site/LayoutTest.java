package io.trapline.site;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class LayoutTest {
    private static final Page HOME = Page.parse("README.md", "# Home & more\n[b](docs/B.md) [a](docs/A.md)");
    private static final Page A = Page.parse("docs/A.md", "# The A\n## One\n### Two\n#### Deep\n");
    private static final Page B = Page.parse("docs/B.md", "# The B");
    private static final Page OTHER = Page.parse("docs/ANOTHER.md", "# Another");
    private static final Page DESIGN = Page.parse("docs/designs/1.md", "no heading");
    private static final Layout LAYOUT =
            new Layout(new Pages(List.of(A, OTHER, B, DESIGN, HOME), _ -> Tree.Kind.NOTHING));

    @Test
    void everyPageLeadsToAllInTheOrderInWhichTheFirstNamesThem() {
        assertThat(LAYOUT.html(A)).contains("""
                <nav class="pages" aria-label="All pages">
                <ul>
                <li><a href="../index.html">Home &amp; more</a></li>
                </ul>
                <h2>docs</h2>
                <ul>
                <li><a href="B.html">The B</a></li>
                <li><a href="A.html" aria-current="page">The A</a></li>
                <li><a href="ANOTHER.html">Another</a></li>
                </ul>
                <h2>docs/designs</h2>
                <ul>
                <li><a href="designs/1.html">docs/designs/1.md</a></li>
                </ul>
                </nav>
                """);
    }

    @Test
    void aPageHasItsContentsTwoLevelsDeep() {
        assertThat(LAYOUT.html(A)).contains("""
                <h2>On this page</h2>
                <ul>
                <li class="level-2"><a href="#one">One</a></li>
                <li class="level-3"><a href="#two">Two</a></li>
                </ul>
                """).contains("<title>The A</title>");
    }
}
