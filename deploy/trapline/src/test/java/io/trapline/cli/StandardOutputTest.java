package io.trapline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class StandardOutputTest {
    private final StringWriter err = new StringWriter();
    private final Interrupt interrupt = new Interrupt();

    @Test
    void passesOnWhatIsPrinted() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        StandardOutput stdout = new StandardOutput(bytes, new PrintWriter(err), interrupt);

        print(stdout, "ready: 1 … 2");

        assertThat(bytes.toString(StandardCharsets.UTF_8)).isEqualTo("ready: 1 … 2\n");
        assertThat(stdout.isLost()).isFalse();
        assertThat(interrupt.isRequested()).isFalse();
    }

    @Test
    void asksACommandToEndWhoseReaderHasGone() {
        StandardOutput stdout = broken("Broken pipe");

        print(stdout, "x");
        print(stdout, "y");

        assertThat(stdout.isLost()).isTrue();
        assertThat(interrupt.isRequested()).isTrue();
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void saysOnceWhyNothingCanBePrinted() {
        StandardOutput stdout = broken("No space left on device");

        print(stdout, "x");
        print(stdout, "y");

        assertThat(err).hasToString("trapline: standard output: No space left on device" + System.lineSeparator());
    }

    private StandardOutput broken(String why) {
        interrupt.arm(() -> {});
        OutputStream target = new OutputStream() {
            @Override
            public void write(int one) throws IOException {
                throw new IOException(why);
            }
        };
        return new StandardOutput(target, new PrintWriter(err), interrupt);
    }

    private static void print(StandardOutput stdout, String line) {
        PrintWriter writer = new PrintWriter(stdout, false, StandardCharsets.UTF_8);
        writer.print(line + "\n");
        writer.flush();
    }
}
