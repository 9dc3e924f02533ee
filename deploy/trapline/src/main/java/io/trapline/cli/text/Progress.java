package io.trapline.cli.text;

import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * How far something is that takes more than a second, on one line of a terminal that is written over and cleared at the end. Without a
 * terminal it says nothing. Called by one thread.
 */
public final class Progress implements AutoCloseable {
    private static final long FIRST_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private final Console console;
    private final String what;
    private final long total;
    private final long startNanos = System.nanoTime();
    private long shownNanos = startNanos + FIRST_NANOS - AGAIN_NANOS;
    private boolean shown;

    /** {@code total}: how many there will be, 0 = nobody knows. */
    public Progress(Console console, String what, long total) {
        this.console = console;
        this.what = what;
        this.total = total;
    }

    /** So many are done. */
    public void update(long done) {
        long now = System.nanoTime();
        if (!console.isTerminal() || now - shownNanos < AGAIN_NANOS) {
            return;
        }
        shownNanos = now;
        shown = true;
        double seconds = (now - startNanos) / 1e9;
        String share = total == 0 ? "" : String.format(Locale.ROOT, " of %,d (%d %%)", total, 100 * done / total);
        console.rewrite(String.format(Locale.ROOT, "\r%s: %,d%s, %,.0f/s\033[K", what, done, share, done / seconds));
    }

    @Override
    public void close() {
        if (shown) {
            console.rewrite("\r\033[K");
        }
    }
}
