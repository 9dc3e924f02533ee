package io.trapline.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.TextFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** What was not as it should be: all counted, the first ones kept. Thread-safe. */
final class Complaints {
    private static final int KEPT = 30;
    private static final int SHOWN_CHARS = 800;

    private final List<String> kept = new ArrayList<>();
    private int count;

    synchronized void add(String what) {
        count++;
        if (kept.size() < KEPT) {
            kept.add(what);
        }
    }

    void check(boolean good, Supplier<String> what) {
        if (!good) {
            add(what.get());
        }
    }

    synchronized void assertNone(String of) {
        assertThat(kept).as("%s: %d complaints", of, count).isEmpty();
    }

    /** A message in one line, not too long. */
    static String shown(MessageOrBuilder message) {
        String text = TextFormat.printer().emittingSingleLine(true).printToString(message);
        return text.length() <= SHOWN_CHARS ? text : text.substring(0, SHOWN_CHARS) + " … " + text.length();
    }
}
