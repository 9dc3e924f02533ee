package io.trapline.cli.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.cli.trace.TraceReader.Content;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TraceReaderTest {
    private static final String READ = "memory_region_ops_read cpu 0 mr 0x3000 addr 0x71 value 0x112 size 1 name 'rtc'";
    private static final String WRITE =
            "memory_region_ops_write cpu 1 mr 0x3000 addr 0xfee00000 value 0x7 size 4 name 'apic-msi'";
    private static final String MMIO_HEAD = "VERSION 20070824\nMAP 5.000000 1 0xfeb40000 0xffff 0x1000 0x0 0\n";

    @TempDir
    Path folder;

    @Test
    void readsTheQemuSampleWhole() throws Exception {
        // When
        Content content = TraceReader.read(sample("linux-boot.qemu-trace.gz"), false);

        // Then
        Trace trace = content.trace();
        assertThat(trace.format()).isEqualTo(TraceFormat.QEMU);
        assertThat(trace.size()).isEqualTo(207_108);
        assertThat(reads(trace)).isEqualTo(83_388);
        assertThat(trace.deviceNames()).hasSize(39);
        assertThat(trace.vcpus()).isEqualTo(2);
        assertThat(content.malformed()).isZero();
    }

    @Test
    void readsTheMmiotraceSampleWhole() throws Exception {
        // When
        Trace trace =
                TraceReader.read(sample("linux-e1000-edu.mmiotrace"), false).trace();

        // Then
        assertThat(trace.format()).isEqualTo(TraceFormat.MMIOTRACE);
        assertThat(trace.size()).isEqualTo(14_102);
        assertThat(reads(trace)).isEqualTo(7_373);
        assertThat(trace.deviceNames()).containsExactly("map1", "map2");
        assertThat(trace.vcpus()).isEqualTo(1);
    }

    @Test
    void masksValuesToTheirSize() throws Exception {
        // F2
        Trace trace = read(READ + "\n");

        assertThat(trace.value(0)).isEqualTo(0x12);
        assertThat(trace.isPort(0)).isTrue();
        assertThat(trace.isWrite(0)).isFalse();
        assertThat(trace.sizeBytes(0)).isEqualTo(1);
    }

    @Test
    void keepsAllSixtyFourBitsOfAValue() throws Exception {
        Trace trace =
                read("memory_region_ops_write cpu 0 mr 0x1 addr 0x10000 value 0xfedcba9876543210 size 8 name 'wide'\n");

        assertThat(trace.value(0)).isEqualTo(0xfedcba9876543210L);
        assertThat(trace.isPort(0)).isFalse();
    }

    @Test
    void givesAccessesOfDevicesOneMoreVcpu() throws Exception {
        Trace trace = read(WRITE + "\n" + WRITE.replace("cpu 1", "cpu -1") + "\n");

        assertThat(trace.vcpu(0)).isEqualTo(1);
        assertThat(trace.vcpu(1)).isEqualTo(2);
        assertThat(trace.vcpus()).isEqualTo(3);
    }

    @Test
    void readsWhatTheLogBackendOfQemuPutsBeforeAnEvent() throws Exception {
        Trace trace = read("4242@1700000000.123456:" + READ + "\r\n");

        assertThat(trace.deviceNames()).containsExactly("rtc");
    }

    @Test
    void takesAWindowThatIsMappedAgainForTheSameDevice() throws Exception {
        Trace trace = read(MMIO_HEAD + """
                R 4 5.1 1 0xfeb40000 0x1 0x0 0
                UNMAP 5.2 1 0x0 0
                MARK 5.2 a comment
                MAP 5.3 9 0xfeb40000 0xffff 0x2000 0x0 0
                MAP 5.3 10 0xfec00000 0xffff 0x2000 0x0 0
                W 2 5.4 9 0xfeb41000 0x1 0x0 0
                W 2 5.4 10 0xfec00000 0x1 0x0 0
                """);

        assertThat(trace.deviceNames()).containsExactly("map1", "map10");
        assertThat(trace.device(1)).isZero();
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', textBlock = """
                    memory_region_ops_read cpu 0 mr 0x1 addr 0x71 value 0x0 size 3 name 'x'         | size is 3
                    memory_region_ops_read cpu -2 mr 0x1 addr 0x71 value 0x0 size 1 name 'x'        | cpu is -2
                    memory_region_ops_read cpu 4095 mr 0x1 addr 0x71 value 0x0 size 1 name 'x'      | cpu is 4095
                    memory_region_ops_read cpu 0 mr 0x1 addr 0xffff value 0x0 size 2 name 'x'       | passes the last port
                    memory_region_ops_read cpu 0 mr 0x1 addr 0xfffffffffffff value 0x0 size 2 name 'x' | past 2^52
                    memory_region_ops_read cpu 0 mr 0x1 addr 0x11112222333344445 value 0x0 size 1 name 'x' | no 64-bit hex number
                    memory_region_ops_read cpu 0 mr 0x1 addr 71 value 0x0 size 1 name 'x'           | not a memory_region
                    memory_region_ops_read cpu 0 mr 0x1 addr 0x71 value 0x0 size 1 name 'x          | not a memory_region
                    memory_region_ops_read cpu 99999999999999999999 mr 0x1 addr 0x71 value 0x0 size 1 name 'x' | cpu is no number
                    guest_cpu_reset                                                                 | not a memory_region
                    """)
    void stopsAtAMalformedQemuLineAndNamesIt(String line, String why) throws Exception {
        // Given
        Path file = file(READ + "\n\n" + line + "\n" + WRITE + "\n");

        // When, then
        assertThatThrownBy(() -> TraceReader.read(file, false))
                .isInstanceOf(TraceException.class)
                .hasMessageStartingWith("line 3: ")
                .hasMessageContaining(why);
        Content lenient = TraceReader.read(file, true);
        assertThat(lenient.malformed()).isEqualTo(1);
        assertThat(lenient.described())
                .singleElement()
                .extracting(MalformedLine::number)
                .isEqualTo(3L);
        assertThat(lenient.trace().size()).isEqualTo(2);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', textBlock = """
                    R 4 5.1 1 0xfeb40000 0x1 0x0                    | R has 7 fields, not 8
                    R 4 5.1 2 0xfeb40000 0x1 0x0 0                  | map id 2 is not mapped
                    R 4 5.1 1 0xfeb40ffd 0x1 0x0 0                  | outside the window
                    R 4 5.1 1 0xfeb3ffff 0x1 0x0 0                  | outside the window
                    R -1 5.1 1 0xfeb40000 0x1 0x0 0                 | size is -1
                    R x 5.1 1 0xfeb40000 0x1 0x0 0                  | width is no number
                    R 4 5.1 1 feb40000 0x1 0x0 0                    | does not start with 0x
                    R 4 5.1 1 0xfeb40000 0x+1 0x0 0                 | value
                    MAP 5.1 1 0xfec40000 0xffff 0x1000 0x0 0        | is mapped already
                    MAP 5.1 3 0xfec40000 0xffff 0x0 0x0 0           | is none
                    MAP 5.1 3 0x7fffffffffffffff 0xffff 0x7fffffffffffffff 0x0 0 | is none
                    UNMAP 5.1 7 0x0 0                               | map id 7 is not mapped
                    UNKNOWN 5.1 1 0xfeb40000 0f,0b,00 0x0 0         | could not tell
                    VERSION 20080101                                | version is
                    HELLO                                           | unknown keyword
                    """)
    void stopsAtAMalformedMmiotraceLineAndNamesIt(String line, String why) throws Exception {
        // Given
        Path file = file(MMIO_HEAD + line + "\nW 1 5.1 1 0xfeb40000 0x1 0x0 0\n");

        // When, then
        assertThatThrownBy(() -> TraceReader.read(file, false))
                .isInstanceOf(TraceException.class)
                .hasMessageStartingWith("line 3: ")
                .hasMessageContaining(why);
        assertThat(TraceReader.read(file, true).malformed()).isEqualTo(1);
    }

    @Test
    void namesWhatComesBeforeTheFirstLineOfTheFormat() throws Exception {
        Path file = file("# a heading\n" + READ + "\n");

        assertThatThrownBy(() -> TraceReader.read(file, false)).hasMessageContaining("line 1: ");
        assertThat(TraceReader.read(file, true).trace().size()).isEqualTo(1);
    }

    @Test
    void refusesFilesOfNeitherFormat() throws Exception {
        byte[] random = new byte[100_000];
        new java.util.Random(1).nextBytes(random);
        Path binary = Files.write(folder.resolve("binary"), random);

        assertThatThrownBy(() -> TraceReader.read(binary, true)).hasMessageContaining("neither");
        assertThatThrownBy(() -> TraceReader.read(file(""), true)).hasMessageContaining("neither");
        assertThatThrownBy(() -> TraceReader.read(file("VERSION 20070824\n"), false))
                .hasMessage("holds no access");
    }

    @Test
    void reportsALineThatIsTooLongWithoutHoldingIt() throws Exception {
        Path file = file(READ + "\n" + "x".repeat(1 << 20) + "\n" + READ + "\n");

        Content content = TraceReader.read(file, true);

        assertThat(content.trace().size()).isEqualTo(2);
        assertThat(content.described().getFirst().describe())
                .startsWith("line 2: longer than 4096 bytes")
                .hasSizeLessThan(200);
    }

    @Test
    void reportsCompressedDataThatBreaksOff() throws Exception {
        // Given
        byte[] whole = gzip((READ + "\n").repeat(100_000));
        Path file = Files.write(folder.resolve("cut.gz"), Arrays.copyOf(whole, whole.length / 2));

        // When, then
        assertThatThrownBy(() -> TraceReader.read(file, false))
                .isInstanceOf(TraceException.class)
                .hasMessageContaining("the gzip data is broken here");
        Content lenient = TraceReader.read(file, true);
        assertThat(lenient.malformed()).isEqualTo(1);
        assertThat(lenient.trace().size()).isBetween(1, 99_999);
        assertThat(lenient.described().getFirst().number())
                .isEqualTo(lenient.trace().size() + 1L);
    }

    @Test
    void reportsCompressedDataThatWasDamaged() throws Exception {
        byte[] whole = gzip((READ + "\n").repeat(1000));
        whole[whole.length - 6] ^= 1;
        Path file = Files.write(folder.resolve("damaged.gz"), whole);

        assertThatThrownBy(() -> TraceReader.read(file, false)).hasMessageContaining("gzip data is broken");
        assertThat(TraceReader.read(file, true).trace().size()).isEqualTo(1000);
    }

    static Path sample(String name) {
        return Path.of("..", "..", "docs", "samples", name);
    }

    private Trace read(String text) throws IOException, TraceException {
        return TraceReader.read(file(text), false).trace();
    }

    private Path file(String text) throws IOException {
        return Files.writeString(Files.createTempFile(folder, "log", ""), text);
    }

    private static long reads(Trace trace) {
        long reads = 0;
        for (int row = 0; row < trace.size(); row++) {
            reads += trace.isWrite(row) ? 0 : 1;
        }
        return reads;
    }

    private static byte[] gzip(String text) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
        return bytes.toByteArray();
    }
}
