package io.trapline.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.model.MemType;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

final class ConvertersTest {
    @ParameterizedTest
    @CsvSource({
        "0,PT0S,0",
        "250ms,PT0.25S,250ms",
        "40s,PT40S,40s",
        "5m,PT5M,5m",
        "120s,PT2M,2m",
        "2h,PT2H,2h",
        "1500ms,PT1.5S,1500ms"
    })
    void readsDurations(String text, Duration expected, String shortest) {
        Duration read = new DurationConverter().convert(text);

        assertThat(read).isEqualTo(expected);
        assertThat(DurationConverter.text(read)).isEqualTo(shortest);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "5", "5 s", "-5s", "1.5s", "5S", "s", "9999999999999s", "5sec"})
    void refusesWhatIsNoDuration(String text) {
        assertThatThrownBy(() -> new DurationConverter().convert(text))
                .isInstanceOf(TypeConversionException.class)
                .hasMessageContaining("40s");
    }

    @ParameterizedTest
    @CsvSource({
        "0,0",
        "4096,4096",
        "0x1000,4096",
        "0XfF,255",
        "0xffffffffffffffff,-1",
        "18446744073709551615,-1",
        "9223372036854775808,-9223372036854775808"
    })
    void readsNumbersOfSixtyFourBits(String text, long expected) {
        assertThat(new NumberConverter().convert(text)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "-1", "+1", "0x", "0x+1", "0x-1", "ff", "1 ", "18446744073709551616", "0x10000000000000000"})
    void refusesWhatIsNoNumber(String text) {
        assertThatThrownBy(() -> new NumberConverter().convert(text)).isInstanceOf(TypeConversionException.class);
    }

    @Test
    void readsRunsOfFrames() {
        assertThat(new GfnRun.Converter().convert("0x100+2048")).isEqualTo(new GfnRun(256, 2048));
        assertThat(new GfnRun.Converter().convert("7")).isEqualTo(new GfnRun(7, 1));
        assertThatThrownBy(() -> new GfnRun.Converter().convert("7+")).isInstanceOf(TypeConversionException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "ram_rw,RAM_RW",
        "MMIO_DM,MMIO_DM",
        "ioreq_server[15],IOREQ_SERVER_15",
        "ioreq_server0,IOREQ_SERVER_0",
        "3,IOREQ_SERVER_3"
    })
    void readsMemoryTypes(String text, MemType expected) {
        assertThat(new Words.MemTypeConverter().convert(text)).isEqualTo(expected);
    }

    @Test
    void refusesWhatIsNoMemoryType() {
        assertThatThrownBy(() -> new Words.MemTypeConverter().convert("ioreq_server[16]"))
                .isInstanceOf(TypeConversionException.class)
                .hasMessageContaining("ram_rw");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            value = {"read 1", "write 2", "read,write 3", "WRITE|READ 3", "rw 3"})
    void readsKindsOfAccess(String text, int expected) {
        assertThat(new Words.FlagsConverter().convert(text)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "read,", "exec", "3"})
    void refusesWhatIsNoKindOfAccess(String text) {
        assertThatThrownBy(() -> new Words.FlagsConverter().convert(text)).isInstanceOf(TypeConversionException.class);
    }
}
