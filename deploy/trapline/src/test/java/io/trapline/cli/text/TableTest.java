package io.trapline.cli.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

final class TableTest {
    @Test
    void setsNumbersRightAndEverythingElseLeft() {
        Table table = new Table("device", "reads", "last_address")
                .row("rtc", new Count(1234567), new Hex(0x71))
                .row("pcspk", new Count(1), new Hex(-1));

        assertThat(table.lines())
                .containsExactly(
                        "DEVICE      READS  LAST ADDRESS",
                        "rtc     1,234,567  0x71",
                        "pcspk           1  0xffffffffffffffff");
    }

    @Test
    void showsWhatIsEmptyAsADash() {
        Table table = new Table("id", "ranges", "holder").row(0, List.of(), "").row(1, List.of("a", "b"), "x");

        assertThat(table.lines()).containsExactly("ID  RANGES  HOLDER", " 0  -       -", " 1  a b     x");
    }

    @Test
    void countsCharactersAndNotBytes() {
        assertThat(new Table("a", "b").row("ÄÖ𝄞", "x").lines()).containsExactly("A    B", "ÄÖ𝄞  x");
    }

    @Test
    void givesEachRowAsAnObject() {
        Table table =
                new Table("name", "reads", "address", "list").row("rtc", new Count(12), new Hex(0x70), List.of(1, 2));

        assertThat(table.objects())
                .extracting(Json::toString)
                .containsExactly("{\"name\":\"rtc\",\"reads\":12,\"address\":\"0x70\",\"list\":[1,2]}");
    }

    @Test
    void refusesARowOfAnotherWidth() {
        assertThatThrownBy(() -> new Table("a").row(1, 2)).isInstanceOf(IllegalArgumentException.class);
    }
}
