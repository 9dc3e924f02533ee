package io.trapline.site;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SlugsTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    Backup, and the loss of everything        | backup-and-the-loss-of-everything
                    E — errors                                | e--errors
                    3.1 Formation (D-1, D-2)                  | 31-formation-d-1-d-2
                    ioreq_server[X] & more                    | ioreq_serverx--more
                    What it's not                             | what-its-not
                    Größe über alles                          | größe-über-alles
                    ²: a number that is no digit              | -a-number-that-is-no-digit
                    """)
    void isGithubs(String heading, String slug) {
        assertThat(Slugs.of(heading)).isEqualTo(slug);
    }

    @Test
    void numbersHeadingsOfTheSameTextAndNeverTwiceTheSame() {
        Slugs slugs = new Slugs();
        assertThat(slugs.next("As built")).isEqualTo("as-built");
        assertThat(slugs.next("As built 1")).isEqualTo("as-built-1");
        assertThat(slugs.next("As built")).isEqualTo("as-built-2");
    }
}
