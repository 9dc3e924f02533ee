package io.trapline.site;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class AddressesTest {
    @Test
    void theReadmeIsWhereASiteBeginsAndOthersKeepTheirPlace() {
        assertThat(Addresses.ofPage("README.md")).isEqualTo("index.html");
        assertThat(Addresses.ofPage("docs/samples/README.md")).isEqualTo("docs/samples/README.html");
        assertThat(Addresses.ofFile("docs/emulators/guest.py")).isEqualTo("docs/emulators/guest.py.txt");
    }

    @Test
    void namesOneFromAnother() {
        assertThat(Addresses.relative("index.html", "docs/A.html")).isEqualTo("docs/A.html");
        assertThat(Addresses.relative("docs/A.html", "docs/B.html")).isEqualTo("B.html");
        assertThat(Addresses.relative("docs/A.html", "docs/A.html")).isEqualTo("A.html");
        assertThat(Addresses.relative("docs/designs/A.html", "docs/B.html")).isEqualTo("../B.html");
        assertThat(Addresses.relative("docs/A.html", "docs/designs/B.html")).isEqualTo("designs/B.html");
        assertThat(Addresses.relative("docs/designs/A.html", "style.css")).isEqualTo("../../style.css");
    }
}
