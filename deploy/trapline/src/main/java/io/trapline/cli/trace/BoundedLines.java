package io.trapline.cli.trace;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Lines of a stream that may not be text at all: a line holds at most {@value #MAX_BYTES} bytes, the rest of a longer one is skipped. */
final class BoundedLines {
    static final int MAX_BYTES = 4096;

    private final InputStream in;
    private final byte[] buffer = new byte[1 << 16];
    private final byte[] line = new byte[MAX_BYTES];
    private int position;
    private int limit;
    private long number;
    private boolean tooLong;

    BoundedLines(InputStream in) {
        this.in = in;
    }

    /** The next line without its end; null after the last. A last line that the stream breaks off in is lost with the exception. */
    @Nullable
    String next() throws IOException {
        int length = 0;
        int any = 0;
        tooLong = false;
        while (true) {
            if (position == limit) {
                limit = in.read(buffer);
                position = 0;
                if (limit < 0) {
                    limit = 0;
                    if (any == 0) {
                        return null;
                    }
                    break;
                }
            }
            any = 1;
            byte next = buffer[position++];
            if (next == '\n') {
                break;
            }
            if (length < MAX_BYTES) {
                line[length++] = next;
            } else {
                tooLong = true;
            }
        }
        number++;
        if (length > 0 && line[length - 1] == '\r') {
            length--;
        }
        return new String(line, 0, length, StandardCharsets.UTF_8);
    }

    /** Number of the line that was returned last, 1 and up. */
    long number() {
        return number;
    }

    /** Whether that line was cut. */
    boolean wasTooLong() {
        return tooLong;
    }
}
